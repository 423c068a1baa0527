"""The operators' command line of a service: `python -m services.<name> COMMAND`."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated
from uuid import UUID

import typer

from shared.contracts.event import Stream
from shared.messaging.envelope import HIGHEST_SEQUENCE
from shared.runtime.asking import ask, ask_with_kafka, console, finish, settings_from_environment, show
from shared.runtime.logs import start_logging
from shared.runtime.migrating import migrate
from shared.runtime.running import serve
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.storage.migrations import Moment

log = logging.getLogger(__name__)


def _stream(name: str) -> Stream:
    try:
        return Stream[name.upper()]
    except KeyError:
        raise typer.BadParameter(f"choose one of {STREAMS}") from None


STREAMS = ", ".join(stream.name.lower() for stream in Stream)
StreamName = Annotated[Stream, typer.Argument(parser=_stream, metavar="STREAM", help=f"One of {STREAMS}.")]
Entity = Annotated[UUID, typer.Argument(help="The entity's id, which is the key of its events.")]
Version = Annotated[int, typer.Argument(help="The version that failed, as `parked list` shows it.")]
Letter = Annotated[UUID, typer.Argument(help="The dead letter's id, as `dead-letters list` shows it.")]
Topic = Annotated[str, typer.Argument(help="The topic, as `outbox list` shows it.")]
Key = Annotated[str, typer.Argument(help="The key, as `outbox list` shows it: the entity's id.")]
First = Annotated[int, typer.Option(help="The first version to tell again.", min=1, max=HIGHEST_SEQUENCE)]
Last = Annotated[
    int | None, typer.Option(help="The last one; if not given, all that was told.", min=1, max=HIGHEST_SEQUENCE)
]
Reason = Annotated[str, typer.Option(help="Why, for whoever asks later. No names of people.")]
Actor = Annotated[str, typer.Option(help="Who does this: a role or an opaque id, no name.")]


def _parked(service: Service) -> typer.Typer:
    app = typer.Typer(help="Records that wait: a gap for what is missing, a failure for you.", no_args_is_help=True)

    @app.command("list")
    def listed() -> None:
        """Show what waits, oldest first. A gap releases itself; a failure needs you."""
        columns = ("stream", "entity", "version", "kind", "since", "reason")
        show("Parked", columns, ask(service, lambda desk: desk.parked()))

    @app.command()
    def release(stream: StreamName, entity: Entity) -> None:
        """Try the failed record again, and then what waits behind it, in order."""
        console.print(ask(service, lambda desk: desk.release(stream, entity)))

    @app.command()
    def discard(stream: StreamName, entity: Entity, version: Version, reason: Reason, actor: Actor) -> None:
        """Give up one version: it counts as heard, without effect. Who did so and why is kept."""
        console.print(ask(service, lambda desk: desk.discard(stream, entity, version, reason, actor)))

    return app


def _dead_letters(service: Service) -> typer.Typer:
    app = typer.Typer(help="Records that nobody could read.", no_args_is_help=True)

    @app.command("list")
    def listed() -> None:
        """Show them, oldest first."""
        columns = ("id", "topic", "partition", "offset", "bytes", "kept", "since", "reason")
        show("Dead letters", columns, ask(service, lambda desk: desk.dead_letters()))

    @app.command("show")
    def shown(letter: Letter) -> None:
        """Show one whole, with its bytes if they could be kept."""
        console.print_json(data=ask(service, lambda desk: desk.dead_letter(letter)), default=str)

    @app.command()
    def discard(letter: Letter) -> None:
        """Throw one away."""
        console.print(ask(service, lambda desk: desk.throw_away(letter)))

    return app


def _outbox(service: Service) -> typer.Typer:
    app = typer.Typer(help="What was said: what is not told yet, and what is to be told again.", no_args_is_help=True)

    @app.command("list")
    def listed() -> None:
        """Show how much waits, since when, and which keys are stopped."""
        show("Waiting to be told", ("topic", "events", "oldest"), ask(service, lambda desk: desk.waiting()))
        show("Stopped keys", ("topic", "key", "since", "reason"), ask(service, lambda desk: desk.stopped()))

    @app.command()
    def release(topic: Topic, key: Key) -> None:
        """Let a stopped key try again."""
        console.print(ask(service, lambda desk: desk.go_on(topic, key)))

    @app.command()
    def resend(topic: Topic, key: Key, first: First = 1, last: Last = None) -> None:
        """Tell again, unchanged, what was told of a key: whoever missed it hears it, all others drop it."""
        console.print(ask_with_kafka(service, lambda desk, kafka: desk.resend(kafka, topic, key, first, last)))

    return app


def _run(service: Service) -> None:
    """Logs why a replica ended, in one line that says what is wrong; its supervisor starts it again."""
    settings = settings_from_environment()
    start_logging(service.name, settings.log_level)
    try:
        asyncio.run(serve(service, settings))
    except asyncio.CancelledError:
        log.info("%s was stopped before it had started", service.name)
    except Exception as error:
        log.critical("%s stops: %s: %s", service.name, type(error).__name__, error, exc_info=error)
        raise SystemExit(1) from None


def commands(service: Service) -> typer.Typer:
    """All that an operator may ask."""
    app = typer.Typer(
        help=f"{service.title}: run it, migrate its schema, look after its messages.",
        epilog="\n\n".join(("Settings are environment variables:", *Settings.explained())),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    @app.command("serve")
    def serve_() -> None:
        """Run a replica: HTTP, consumer, relay and daily duties, until SIGTERM."""
        _run(service)

    @app.command("migrate")
    def migrate_(
        moment: Annotated[Moment | None, typer.Option(help="pre: before a deploy; post: after it.")] = None,
    ) -> None:
        """Apply the migrations that are new, as the schema's owner, and load reference data."""
        for line in finish(migrate(service, settings_from_environment(), moment)):
            console.print(line)

    app.add_typer(_parked(service), name="parked")
    app.add_typer(_dead_letters(service), name="dead-letters")
    app.add_typer(_outbox(service), name="outbox")
    return app


def run(service: Service) -> None:
    """Reads the command and does it."""
    commands(service)(prog_name=f"python -m services.{service.name}")
