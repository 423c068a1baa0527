"""A service as small as one can be that does all that a service does. It bears the name of the schema it stands on.

It notes the words of projects that were withdrawn, and says of each an adoption that ended. "kapot" cannot be handled until
"gemaakt" was noted. Whatever writes first passes a gate, which a test can hold shut. Grown, it also keeps the life of each
project, in a fold that may be rebuilt.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.events import AdoptionEnded, ProjectWithdrawn
from shared.messaging import Say, each, fold
from shared.runtime import Service, daily, on_load
from shared.storage import Transaction
from shared.web import Body, Caller, Result, Tx, anyone, service_router
from tests.integration.shared.messaging.toy import Life
from tests.integration.shared.messaging.toy import load as load_lives
from tests.integration.shared.messaging.toy import save as save_lives
from tests.integration.shared.runtime.toy.trouble import strike
from tests.messaging import ended

GATE = "hashtext(current_schema() || '.gate')"
MENDED = "select exists (select from note where word = 'gemaakt')"
router = service_router("/notes", tag="Notes")
Anyone = anyone()


class NoteBody(Body):
    word: str


class NoteResult(Result):
    id: UUID


async def _write(tx: Transaction, entity: UUID, word: str) -> UUID:
    await tx.execute(f"select pg_advisory_xact_lock_shared({GATE})")
    note: UUID = await tx.fetchval("insert into note (entity, word) values ($1, $2) returning id", entity, word)
    return note


@router.post("", status_code=201)
async def make_note(body: NoteBody, caller: Caller | None = Anyone, *, tx: Tx) -> NoteResult:
    """Writes a word down."""
    note = await _write(tx, UUID(int=0), body.word)
    tx.say(ended(note, body.word))
    return NoteResult(id=note)


async def hear(tx: Transaction, event: Event[ProjectWithdrawn]) -> None:
    """Writes the word down, and says so."""
    word = event.data.reason
    if word == "kapot" and not await tx.fetchval(MENDED):
        raise ValueError("[/kapot] cannot be handled")
    await strike(word)
    await _write(tx, event.subject, word)
    tx.say(ended(event.subject, word))


async def load(tx: Transaction) -> None:
    """What is there from the beginning."""
    await tx.execute("insert into note (id, entity, word) values ($1, $1, 'begin') on conflict do nothing", UUID(int=1))


async def count(tx: Transaction, today: date) -> None:
    """Notes the day."""
    await tx.execute("insert into day (day) values ($1)", today)


def lived(life: Life | None, event: Event[ProjectWithdrawn], say: Say) -> Life:
    """One word more."""
    return Life(event.subject, (*(life.words if life else ()), event.data.reason))


LIVES = fold(load_lives, save_lives, steps={ProjectWithdrawn: lived}, tables=("life",), name="toy.lives")


def toy(name: str, *, grown: bool = False) -> Service:
    """The toy on the schema of this name."""
    return Service(
        name=name,
        title="Toy",
        home=Path(__file__).parent,
        says=[AdoptionEnded],
        hears=[each(ProjectWithdrawn, hear), *([LIVES] if grown else [])],
        answers=[router],
        does=[on_load(load), daily("00:00", count)],
    )
