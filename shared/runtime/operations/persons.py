"""/v1/operations/persons: erasing somebody who logged in here, for operators."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request
from pydantic import Field, StringConstraints

from shared.runtime import erasing
from shared.runtime.operations.asked import ActBody, DoneResult, Operator, act_of
from shared.web import Tx, naming_a_person, service_router
from shared.web.logins import LONGEST_SUBJECT
from shared.web.people import People

router = service_router("/operations/persons", tag="Operations")
Subject = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_SUBJECT, pattern=r"^[ -~]+$"),
    Field(description="The login: the `sub` of the tokens."),
]


class ErasureBody(ActBody):
    """Who is to be known here no longer. The login is sent, and never given back."""

    subject: Subject


@router.post("/erasures")
@naming_a_person("subject")
async def erase_person(body: ErasureBody, caller: Operator, request: Request, tx: Tx) -> DoneResult:
    """Takes login and name away; all that was done stays. Ask it of each service: each has its own persons."""
    people: People = request.app.state.people
    done = await erasing.erase(tx, act_of(caller, body), body.subject, dry_run=body.dry_run)
    if not body.dry_run:
        people.forget(body.subject)
    return DoneResult(outcome=done, dry_run=body.dry_run)
