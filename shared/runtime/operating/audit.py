"""`audit`: who did what by hand, and why."""

from __future__ import annotations

import typer

from shared.messaging import looking
from shared.runtime.asking import look, show
from shared.runtime.service import Service


def commands(service: Service) -> typer.Typer:
    """What an operator may ask of what was done."""
    app = typer.Typer(
        help="What was done by hand, by whom and why. Nothing of it can be changed.", no_args_is_help=True
    )

    @app.command("list")
    def listed() -> None:
        """Show it, the last first."""
        columns = ("at", "actor", "action", "target", "reason, and what came of it")
        deeds = look(service, looking.deeds)
        show("Audit", columns, [(d.at, d.actor, d.action, d.target, f"{d.reason}: {d.outcome}") for d in deeds])

    return app
