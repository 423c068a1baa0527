"""`parked`: records that wait, and how they go on."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.messaging import looking
from shared.messaging.audit import Act
from shared.messaging.envelope import HIGHEST_SEQUENCE
from shared.messaging.repairing import Repair
from shared.runtime.asking import ask, console, look, show, tell
from shared.runtime.operating.arguments import Actor, DryRun, Entity, Reason, StreamName
from shared.runtime.service import Service

Version = Annotated[
    int, typer.Argument(help="The version that failed, as `parked list` shows it.", min=1, max=HIGHEST_SEQUENCE)
]
Whole = Annotated[
    Path | None,
    typer.Option("--file", help="The data as it should have been: a JSON file.", exists=True, dir_okay=False),
]
Values = Annotated[
    list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="One value of the data: title='\"Nieuw\"'.")
]
Headers = Annotated[
    list[str] | None,
    typer.Option("--header", metavar="NAME=VALUE", help="One header; none that says which event it is."),
]


def commands(service: Service) -> typer.Typer:
    """What an operator may ask of what waits."""
    app = typer.Typer(help="Records that wait: a gap for what is missing, a failure for you.", no_args_is_help=True)

    @app.command("list")
    def listed() -> None:
        """Show what waits, oldest first. A failure needs you; a gap releases itself, unless its reason says to release it."""
        columns = ("stream", "entity", "version", "kind", "since", "reason")
        found = look(service, looking.parked)
        rows = [(p.stream.name.lower(), p.entity, p.sequence, p.kind, p.parked_at, p.reason) for p in found]
        show("Parked", columns, rows)

    @app.command("show")
    def shown(stream: StreamName, entity: Entity, version: Version) -> None:
        """Show one whole: headers, data if it could be kept, and which versions wait behind it."""
        found = look(service, lambda tx: looking.parked_one(tx, stream, entity, version))
        whole = {**asdict(found.row), **asdict(found), "stream": stream.name.lower(), "behind": found.behind.which}
        del whole["row"]
        console.print_json(data=whole, default=str)

    @app.command()
    def release(stream: StreamName, entity: Entity, *, reason: Reason, actor: Actor, dry_run: DryRun = False) -> None:
        """Try the failed record again, and then what waits behind it, in order. Broken off, it goes on from there."""
        tell(ask(service, lambda d: d.release(Act(actor, reason), stream, entity, dry_run=dry_run)), dry_run=dry_run)

    @app.command()
    def discard(
        stream: StreamName, entity: Entity, version: Version, *, reason: Reason, actor: Actor, dry_run: DryRun = False
    ) -> None:
        """Give up one version: it counts as heard, without effect. Who did so and why is kept."""
        done = ask(service, lambda d: d.discard(Act(actor, reason), stream, entity, version, dry_run=dry_run))
        tell(f"version {version} discarded: {done}", dry_run=dry_run)

    _add_fix(app, service)
    return app


def _add_fix(app: typer.Typer, service: Service) -> None:
    @app.command()
    def fix(
        stream: StreamName,
        entity: Entity,
        version: Version,
        *,
        reason: Reason,
        actor: Actor,
        file: Whole = None,
        set_: Values = None,
        header: Headers = None,
        dry_run: DryRun = False,
    ) -> None:
        """Give a failed record the data that it should have had: all of it, or value by value. Then release it."""
        data = None if file is None else _json(file.read_text(encoding="utf-8"), "--file")
        repair = Repair(
            data, {path: _value(text) for path, text in _pairs(set_, "--set")}, dict(_pairs(header, "--header"))
        )
        if repair == Repair():
            raise typer.BadParameter("give --file, --set or --header")
        tell(
            ask(service, lambda d: d.fix(Act(actor, reason), stream, entity, version, repair, dry_run=dry_run)),
            dry_run=dry_run,
        )


def _pairs(given: list[str] | None, option: str) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in given or ()]
    if any(not name or not equals for name, equals, _ in pairs):
        raise typer.BadParameter(f"{option} takes NAME=VALUE")
    return [(name, value) for name, _, value in pairs]


def _value(text: str) -> Any:  # noqa: ANN401 - any JSON
    """JSON where it is JSON, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _json(text: str, option: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option} holds no JSON: {error}") from None
