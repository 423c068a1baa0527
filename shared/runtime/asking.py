"""What the command line shares: settings from the environment, one question to the desk, a table as answer."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

import asyncpg
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from shared.messaging.adopting import StillTelling
from shared.messaging.audit import Busy
from shared.messaging.heard import Outdated
from shared.messaging.hearing import NotAdmitted, declared, generation_of
from shared.messaging.listener import Listener
from shared.messaging.looking import NotThere
from shared.messaging.operating import Desk
from shared.messaging.outbox import Outbox
from shared.messaging.places import LogChanged
from shared.messaging.producer import Producer
from shared.messaging.rebuilding import NotRebuilt
from shared.messaging.refused import Refused
from shared.messaging.resending import NotTold
from shared.messaging.rewinding import StillHearing
from shared.runtime.guarantees import NotGuaranteed
from shared.runtime.service import Service
from shared.runtime.settings import NoSecret, Settings
from shared.storage import Database, Transaction, connect
from shared.storage.migrations import MigrationChanged

# Wide enough for a whole row: an id that was cut off cannot be used in the next command. No markup: a reason may hold [/x].
console = Console(width=max(220, shutil.get_terminal_size().columns), markup=False, highlight=False, emoji=False)
T = TypeVar("T")
TO_MEND = (
    NoSecret,
    NotGuaranteed,
    LogChanged,
    MigrationChanged,
    NotThere,
    NotTold,
    Refused,
    NotAdmitted,
    NotRebuilt,
    Busy,
    Outdated,
    StillTelling,
    StillHearing,
)
"""What an operator can do something about: the message says what."""
NOT_LET_IN = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)


def settings_from_environment() -> Settings:
    """The settings. Ends the program with one sentence that names every variable that is missing or wrong."""
    try:
        return Settings()
    except ValidationError as error:
        names = ", ".join(sorted({str(fault["loc"][0]).upper() for fault in error.errors()}))
        raise SystemExit(f"These settings are missing or wrong: {names}. Set them as environment variables.") from None


def finish(work: Coroutine[object, object, T]) -> T:
    """Runs it to its end. What an operator can mend ends the program with one sentence, not with a traceback."""
    try:
        return asyncio.run(work)
    except TO_MEND as error:
        raise SystemExit(str(error)) from None
    except KafkaError as error:
        raise SystemExit(f"Kafka refused: {error}. Is it up, and do the KAFKA_ settings fit it?") from None
    except asyncpg.UndefinedTableError as error:
        raise SystemExit(f"The schema is not up to date: {error}. Run `migrate` first.") from None
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, *NOT_LET_IN) as error:
        reason = str(error) or type(error).__name__
        raise SystemExit(f"Postgres refused: {reason}. Is it up, and do the DATABASE_ settings point to it?") from None
    except asyncpg.PostgresError as error:
        raise SystemExit(f"Postgres refused: {error}.") from None


def ask(service: Service, question: Callable[[Desk], Awaitable[T]]) -> T:
    """Opens the service's database, asks its desk one thing, and closes. No broker is asked before something is told."""

    async def asked(database: Database, outbox: Outbox, settings: Settings) -> T:
        producer = Producer(settings.brokers, f"{service.name}-operator")
        listener = Listener(database, outbox, service.hears)
        async with database.reading() as tx:
            listener.generation = await generation_of(tx, declared(service.hears))
        try:
            return await question(Desk(database, listener, producer))
        finally:
            await producer.stop()

    return _opened(service, asked)


def look(service: Service, question: Callable[[Transaction], Awaitable[T]]) -> T:
    """Opens the service's database, looks at one moment of it, and closes."""

    async def looked(database: Database, outbox: Outbox, settings: Settings) -> T:  # noqa: ARG001 - the shape of a question
        async with database.reading() as tx:
            return await question(tx)

    return _opened(service, looked)


class _TakenBack(Exception):
    """Ends a transaction that was only to show what would come of it."""


def change(service: Service, operation: Callable[[Transaction], Awaitable[T]], *, dry_run: bool = False) -> T:
    """Opens the service's database, changes something in one transaction, and closes. A dry run takes it back."""

    async def changed(database: Database, outbox: Outbox, settings: Settings) -> T:  # noqa: ARG001 - the shape of a question
        with suppress(_TakenBack):
            async with database.transaction() as tx:
                done = await operation(tx)
                if dry_run:
                    raise _TakenBack
        return done

    return _opened(service, changed)


def _opened(service: Service, question: Callable[[Database, Outbox, Settings], Coroutine[object, object, T]]) -> T:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it writes a line for every attempt to reach a broker

    async def asked() -> T:
        settings = settings_from_environment()
        outbox = Outbox(settings.source(service.name), service.says)
        pool = await connect(settings.dsn(service.name), most=3, name=f"{service.name} operator")
        try:
            return await question(Database(pool, outbox.append), outbox, settings)
        finally:
            await pool.close()

    return finish(asked())


def tell(outcome: object, *, dry_run: bool) -> None:
    """What came of a change, or would have."""
    console.print(f"Dry run, nothing was changed: {outcome}" if dry_run else str(outcome))


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table, or the word that there is nothing."""
    table = Table(title=title, title_justify="left")
    for column in columns[:-1]:
        table.add_column(column, no_wrap=True)
    table.add_column(columns[-1], overflow="fold")
    for row in rows:
        table.add_row(*map(str, row))
    console.print(table if table.row_count else f"{title}: none")
