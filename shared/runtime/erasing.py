"""Erasing a person, for whoever asks it as an operator: on the command line and over HTTP alike, and audited."""

from __future__ import annotations

from contextlib import suppress

from shared.messaging import audit
from shared.messaging.audit import Act
from shared.storage import Transaction
from shared.web import erasing

NOBODY = "nobody with this login is known here: there is nothing to erase"


class _TakenBack(Exception):
    """Ends what was only to show what would come of it."""


async def erase(tx: Transaction, act: Act, subject: str, *, dry_run: bool) -> str:
    """Erases whoever has this login in this service, and says what came of it, without the login.

    Nobody there is no failure: the same is asked of each service, and not everybody came to all.
    """
    with suppress(_TakenBack):
        async with tx.connection.transaction():
            done = await _erase(tx, act, subject)
            if dry_run:
                raise _TakenBack
    return done


async def _erase(tx: Transaction, act: Act, subject: str) -> str:
    erased = await erasing.erase(tx, subject)
    if erased is None:
        return NOBODY
    outcome = f"erased, with {erased.answers} kept answers"
    await audit.record(tx, act, "persons erase", f"person {erased.person}", outcome)
    return f"person {erased.person} is {outcome}; a replica may know the login for a minute more"
