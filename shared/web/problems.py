"""Whatever goes wrong, as a problem that tells people in Dutch what to do (RFC 9457), and programs which one it is."""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Mapping, Sequence
from functools import singledispatch
from urllib.parse import quote
from uuid import uuid4

import asyncpg
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.refusals import Conflict, Fault, Forbidden, Invalid, Refusal, StaleRevision, UnknownEntity
from shared.storage.faults import is_transient
from shared.web.faults import faults_of
from shared.web.keys import IssuerAway
from shared.web.logins import Unauthenticated

TYPES = "https://schuldhulpprojecten.nl/problemen/"
"""A problem's `type` is this and its name: an identifier that stays the same, not a page that must exist."""
MEDIA_TYPE = "application/problem+json"
REALM = 'Bearer realm="schuldhulpprojecten"'
RETRY_AFTER_S = 5

STATUSES: Mapping[type[Refusal], int] = {
    Invalid: 400,
    Forbidden: 403,
    UnknownEntity: 404,
    Conflict: 409,
    StaleRevision: 412,
}
HTTP_PROBLEMS: Mapping[int, tuple[str, str, str]] = {
    400: ("unreadable", "Dit verzoek is niet te lezen", "Het verzoek heeft niet de vorm die wij verwachten."),
    404: (
        "unknown-address",
        "Dit adres bestaat niet",
        "Controleer het adres. Het eindigt nooit op een schuine streep.",
    ),
    405: ("unknown-method", "Dit kan hier niet", "De header Allow noemt de methoden die hier wel kunnen."),
    413: ("too-large", "Het verzoek is te groot", "Maak het verzoek kleiner, of deel het op."),
    415: ("not-json", "Dit is geen JSON", "Stuur JSON, met de header Content-Type: application/json."),
}
UNFIT = "22"
"""SQLSTATE class of data that no column takes, such as a number beyond its range."""

log = logging.getLogger(__name__)


class Problem(Exception):
    """One problem. `name` ends its `type`; `faults` are all that is wrong at once; `reference` finds it in the log."""

    def __init__(
        self,
        status: int,
        name: str,
        title: str,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        reference: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})
        self.body = {"type": TYPES + name, "title": title, "status": status, "detail": detail}
        self.extra = {"errors": [{"field": f.field, "message": f.message} for f in faults]} if faults else {}
        self.reference = {"reference": reference} if reference else {}

    def response(self, path: str) -> Response:
        """The answer to a request for this path."""
        content = {**self.body, "instance": quote(path, errors="replace"), **self.extra, **self.reference}
        body = json.dumps(content, ensure_ascii=False).encode(errors="replace")
        return Response(body, self.status, self.headers, MEDIA_TYPE)


@singledispatch
def problem_of(error: Exception) -> Problem:
    """The problem that this error is for the caller. What nobody foresaw is logged, and only its reference is told."""
    return Problem(
        500,
        "unexpected",
        "Er ging iets mis bij ons",
        "Dit ligt niet aan u. Probeer het later opnieuw, of meld het met het kenmerk erbij.",
        reference=_logged(error),
    )


@problem_of.register
def _as_it_is(error: Problem) -> Problem:
    return error


@problem_of.register
def _refused(error: Refusal) -> Problem:
    status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 409)
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()
    return Problem(status, name, error.title, error.detail, faults=error.faults)


@problem_of.register
def _faulty(error: RequestValidationError) -> Problem:
    faults = faults_of(error.errors(), error.body)
    if all(fault["loc"] == ("header", "If-Match") and fault["type"] == "missing" for fault in error.errors()):
        return Problem(
            428,
            "if-match-missing",
            "Zeg welke versie u zag",
            "Stuur If-Match mee met de ETag die u kreeg.",
            faults=faults,
        )
    count = "Er is 1 fout" if len(faults) == 1 else f"Er zijn {len(faults)} fouten"
    return Problem(
        400, "invalid", Invalid.title, f"{count} gevonden. Bij elke fout staat om welk veld het gaat.", faults=faults
    )


@problem_of.register
def _by_status(error: HTTPException) -> Problem:
    name, title, detail = HTTP_PROBLEMS.get(error.status_code, ("refused", "Dit kan niet", str(error.detail)))
    return Problem(error.status_code, name, title, detail, headers=error.headers)


@problem_of.register
def _unknown_caller(error: Unauthenticated) -> Problem:
    title = "Wij weten niet wie u bent"
    if error.reason is None:
        detail = "Stuur een toegangsbewijs mee in de header Authorization: Bearer."
        return Problem(401, "unauthenticated", title, detail, headers={"WWW-Authenticate": REALM})
    headers = {"WWW-Authenticate": f'{REALM}, error="invalid_token"'}
    return Problem(401, "unauthenticated", title, error.reason, headers=headers)


@problem_of.register(OSError)
@problem_of.register(asyncpg.PostgresError)
@problem_of.register(asyncpg.InterfaceError)
@problem_of.register(asyncpg.InternalClientError)
def _of_the_database(error: Exception) -> Problem:
    if isinstance(error, ValueError) or str(getattr(error, "sqlstate", "")).startswith(UNFIT):
        return _unfit(error)
    return _away(error) if is_transient(error) else problem_of.dispatch(Exception)(error)


@problem_of.register(IssuerAway)
def _away(error: Exception) -> Problem:
    return Problem(
        503,
        "unavailable",
        "Dit lukt nu even niet",
        "Het systeem is te druk, of een deel ervan is niet bereikbaar. Probeer het zo weer.",
        headers={"Retry-After": str(RETRY_AFTER_S)},
        reference=_logged(error, logging.WARNING),
    )


def _unfit(error: Exception) -> Problem:
    detail = "Een waarde past niet: een getal of datum is te groot, of een tekst bevat een teken dat niet kan."
    return Problem(400, "invalid", Invalid.title, detail, reference=_logged(error))


def _logged(error: Exception, level: int = logging.ERROR) -> str:
    """Logs where it happened, without the error's own words: these may repeat what somebody sent."""
    reference = uuid4().hex
    where = "".join(traceback.format_tb(error.__traceback__)[-1 if level < logging.ERROR else 0 :])
    state = getattr(error, "sqlstate", None) or "-"
    log.log(level, "%s (SQLSTATE %s), reference %s\n%s", type(error).__name__, state, reference, where)
    return reference
