"""/v1/operations: what an operator may look for here, and what only a command can do. It is refused, and the command named."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints

from shared.refusals import Conflict
from shared.runtime.operations.asked import ActBody, DoneResult, Operator
from shared.runtime.service import Service
from shared.web import service_router

RECORDED = "--reason TEKST --actor WIE"


class OnlyByCommand(Conflict):
    """A running replica has not the right to do it, or is in its way."""

    title = "Dit kan alleen met een opdracht"


class RebuildBody(ActBody):
    """Which fold, as `GET /operations/hearing` names it."""

    fold: Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,100}$")]


def routes(service: Service) -> APIRouter:
    """The routes of this service."""
    router = service_router("/operations", tag="Operations")
    program = f"python -m services.{service.name}"

    @router.post("/rebuilds")
    async def rebuild_fold(body: RebuildBody, _caller: Operator) -> DoneResult:
        """Always refused: tables are made anew as their owner, whose password no replica has. Names the command."""
        dry = " --dry-run" if body.dry_run else ""
        raise OnlyByCommand(
            "Alleen de eigenaar van de tabellen mag ze opnieuw opbouwen. Laat een beheerder dit uitvoeren: "
            f"{program} rebuild {body.fold} {RECORDED}{dry}"
        )

    @router.post("/log-adoptions")
    async def adopt_log(body: ActBody, _caller: Operator) -> DoneResult:
        """Always refused: no replica may run meanwhile, this one neither. Names the command."""
        dry = " --dry-run" if body.dry_run else ""
        raise OnlyByCommand(
            "Hiervoor moet deze service helemaal stilstaan. Laat een beheerder alle replica's stoppen en dan dit "
            f"uitvoeren: {program} said adopt-log {RECORDED}{dry}"
        )

    return router
