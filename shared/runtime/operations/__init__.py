"""/v1/operations: what an operator may ask of a service over HTTP. The same desk as behind its commands."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from shared.publishing.http import ROUTERS as PUBLISHING
from shared.runtime.operations import (
    audit,
    by_command,
    dead_letters,
    hearing,
    outbox,
    parked,
    persons,
    places,
    verification,
)
from shared.runtime.service import Service

ROUTERS: Sequence[APIRouter] = (
    parked.router,
    dead_letters.router,
    outbox.router,
    places.router,
    verification.router,
    audit.router,
    persons.router,
)


def answered_by(service: Service) -> Sequence[APIRouter]:
    """All that a service answers: its own routes, those for publishers if it takes anything, and those for operators."""
    publishing = PUBLISHING if service.takes else ()
    return (*service.answers, *publishing, *ROUTERS, hearing.routes(service), by_command.routes(service))
