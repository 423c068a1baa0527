"""What the command line shares: settings from the environment, one question to the desk, a table as answer."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import TypeVar

import asyncpg
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from shared.messaging.listener import Listener
from shared.messaging.operating import Desk, NotThere
from shared.messaging.outbox import Outbox
from shared.messaging.places import LogChanged
from shared.messaging.producer import Producer
from shared.messaging.resending import NotTold
from shared.runtime.guarantees import NotGuaranteed
from shared.runtime.service import Service
from shared.runtime.settings import NoSecret, Settings
from shared.storage import Database, connect
from shared.storage.migrations import MigrationChanged

# Wide enough for a whole row: an id that was cut off cannot be used in the next command. No markup: a reason may hold [/x].
console = Console(width=max(220, shutil.get_terminal_size().columns), markup=False, highlight=False, emoji=False)
T = TypeVar("T")
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
    except (NoSecret, NotGuaranteed, LogChanged, NotThere, NotTold, MigrationChanged) as error:
        raise SystemExit(str(error)) from None
    except asyncpg.UndefinedTableError as error:
        raise SystemExit(f"The schema is not up to date: {error}. Run `migrate` first.") from None
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, *NOT_LET_IN) as error:
        reason = str(error) or type(error).__name__
        raise SystemExit(f"Postgres refused: {reason}. Is it up, and do the DATABASE_ settings point to it?") from None
    except asyncpg.PostgresError as error:
        raise SystemExit(f"Postgres refused: {error}.") from None


def ask(service: Service, question: Callable[[Desk], Awaitable[T]]) -> T:
    """Opens the service's database, asks its desk one thing, and closes."""
    return ask_with_kafka(service, lambda desk, _: question(desk))


def ask_with_kafka(service: Service, question: Callable[[Desk, Producer], Awaitable[T]]) -> T:
    """The same, of something that may be told: no broker is asked before that."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it writes a line for every attempt to reach a broker

    async def asked() -> T:
        settings = settings_from_environment()
        outbox = Outbox(settings.source(service.name), service.says)
        pool = await connect(settings.dsn(service.name), most=2, name=f"{service.name} operator")
        producer = Producer(settings.kafka_servers, f"{service.name}-operator")
        try:
            database = Database(pool, outbox.append)
            return await question(Desk(database, Listener(database, outbox, service.hears)), producer)
        finally:
            await producer.stop()
            await pool.close()

    return finish(asked())


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table, or the word that there is nothing."""
    table = Table(title=title, title_justify="left")
    for column in columns[:-1]:
        table.add_column(column, no_wrap=True)
    table.add_column(columns[-1], overflow="fold")
    for row in rows:
        table.add_row(*map(str, row))
    console.print(table if table.row_count else f"{title}: none")
