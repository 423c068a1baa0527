"""`hearing`: which code hears, and what becomes of history that went by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from shared.messaging import audit, hearing
from shared.messaging.audit import Act
from shared.messaging.hearing import HearingState
from shared.runtime.asking import change, console, look, show, tell
from shared.runtime.operating.arguments import Actor, DryRun, Reason
from shared.runtime.service import Service
from shared.storage import Transaction

SHOWN: Mapping[HearingState, str] = {
    HearingState.HEARD: "heard",
    HearingState.NEW: "new",
    HearingState.LACKS_HISTORY: "its history went by",
    HearingState.OF_OTHER_CODE: "heard by other code",
}
Reaction = Annotated[str, typer.Argument(help="The reaction, as `hearing list` shows it.")]
Type = Annotated[str, typer.Argument(help="The type of which it lacks the history.")]


def commands(service: Service) -> typer.Typer:
    """What an operator may ask of who hears."""
    app = typer.Typer(help="Which code hears, and history that went by without effect.", no_args_is_help=True)
    ours = hearing.declared(service.hears)

    @app.command("list")
    def listed() -> None:
        """Show what this code hears, and how it stands to the code that hears now."""
        now = look(service, lambda tx: hearing.standing(tx, ours))
        rows = [(*hearing.described(one), SHOWN[now.state_of(one)]) for one in sorted(ours | now.current)]
        show(f"Generation {now.generation}", ("stream", "type", "reaction", "state"), rows)
        console.print("This is the code that hears." if now.is_current else f"Not heard by this code yet: {now}.")

    @app.command()
    def waive(reaction: Reaction, type_: Type, *, reason: Reason, actor: Actor, dry_run: DryRun = False) -> None:
        """Give up the history of a type that a reaction newly hears: it begins with what comes from now on."""

        async def waived(tx: Transaction) -> str:
            one = await hearing.waive(tx, ours, reaction, type_)
            await audit.record(tx, Act(actor, reason), "hearing waive", str(one), "given up")
            return f"the history of {one} is given up"

        tell(change(service, waived, dry_run=dry_run), dry_run=dry_run)

    @app.command()
    def adopt(*, reason: Reason, actor: Actor, dry_run: DryRun = False) -> None:
        """Make this code the one that hears, after going back to older code. Replicas of other code go."""

        async def adopted(tx: Transaction) -> str:
            number = await hearing.adopt(tx, ours)
            await audit.record(tx, Act(actor, reason), "hearing adopt", f"generation {number}", "hears from now on")
            return f"generation {number} hears from now on"

        tell(change(service, adopted, dry_run=dry_run), dry_run=dry_run)

    return app
