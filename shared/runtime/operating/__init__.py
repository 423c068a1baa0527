"""What an operator may ask of a service, a group of commands a file: each has `commands(service) -> typer.Typer`.

A new group is one line in GROUPS; what has one command only is a line in SINGLE: `command(service)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import typer

from shared.runtime.operating import (
    audit,
    dead_letters,
    hearing,
    outbox,
    parked,
    persons,
    places,
    rebuild,
    said,
    verify,
)
from shared.runtime.service import Service

GROUPS: Mapping[str, Callable[[Service], typer.Typer]] = {
    "parked": parked.commands,
    "dead-letters": dead_letters.commands,
    "outbox": outbox.commands,
    "said": said.commands,
    "places": places.commands,
    "audit": audit.commands,
    "hearing": hearing.commands,
    "persons": persons.commands,
}
"""By the word that they are called with."""
SINGLE: Mapping[str, Callable[[Service], Callable[..., None]]] = {"rebuild": rebuild.command, "verify": verify.command}
"""Commands that belong to no group."""
