"""`verify`: did this service hear what the owners of its streams said?"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated

import typer

from shared.runtime.asking import console, finish, settings_from_environment
from shared.runtime.comparing import verified
from shared.runtime.service import Service

Wait = Annotated[
    float, typer.Option(help="How many seconds what is under way may take to come.", min=0, metavar="SECONDS")
]
MISSING, UNDECIDED = 1, 2


def command(service: Service) -> Callable[..., None]:
    """The comparison, on demand."""

    def verify(wait: Wait = 10) -> None:
        """Compare, entity by entity, what was said with what was heard here; name what is missing and what heals it.

        Ends with 0 when nothing is missing, 1 when something is, 2 when too much is still to be heard to tell.
        """
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it writes a line for every attempt to reach a broker
        found = finish(verified(service, settings_from_environment(), wait))
        for line in found.lines():
            console.print(line)
        console.print(str(found))
        if found.wrong:
            raise typer.Exit(MISSING)
        if found.undecided:
            raise typer.Exit(UNDECIDED)

    return verify
