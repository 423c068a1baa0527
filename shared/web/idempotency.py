"""A mutation that is sent again is not done again: its answer is kept, and given again (docs/messaging.md).

Follows draft-ietf-httpapi-idempotency-key-header: no key is a 400, a key used for something else a 422, and a retry that
comes while the first is being answered waits for that answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Header
from pydantic import AfterValidator, WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from shared.storage import Transaction
from shared.web import store
from shared.web.auth import Caller
from shared.web.problems import Problem
from shared.web.store import Answer, Asked

KEPT_FOR = timedelta(hours=24)
HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST_KEY = 255
NOBODY = UUID(int=0)
HOURS = KEPT_FOR // timedelta(hours=1)
KEEPS = (
    f"1 to {LONGEST_KEY} visible ASCII characters, new for every change; a UUID will do. Whoever asks the same again with the "
    f"same key within {HOURS} hours gets the same answer, with `{REPLAYED}: true`, and nothing is done again. Only a change "
    "that succeeded is kept."
)


def is_key(text: str) -> bool:
    """Whether this is 1 to 255 visible ASCII characters."""
    return 1 <= len(text) <= LONGEST_KEY and all("!" <= character <= "~" for character in text)


def _key(text: str) -> str:
    if not is_key(text):
        raise ValueError(f"Gebruik 1 tot {LONGEST_KEY} zichtbare ASCII-tekens, zonder spaties.")
    return text


SCHEMA = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"}
IdempotencyKey = Annotated[str, AfterValidator(_key), WithJsonSchema(SCHEMA), Header(alias=HEADER, description=KEEPS)]


async def require_key(key: IdempotencyKey) -> str:
    """Makes the header's faults part of all that is wrong with a request."""
    return key


def asked_by(caller: Caller | None, request: Request, body: bytes, key: str) -> Asked:
    """What is asked under this key, and on whose behalf: one key for two different things is a mistake of the sender.

    The key is kept as a hash, as nobody can tell what somebody chose for it.
    """
    acting = (caller.gemeente, caller.organisation) if caller else ()
    parts = (request.method, request.url.path, request.url.query, *acting)
    fingerprint = hashlib.sha256("\n".join(map(str, parts)).encode() + b"\n" + body).digest()
    return Asked(caller.person if caller else NOBODY, hashlib.sha256(key.encode()).hexdigest(), fingerprint)


async def answer_once(tx: Transaction, asked: Asked, now: datetime, ask: Callable[[], Awaitable[Response]]) -> Response:
    """The answer kept under this key, or that of `ask`, kept from now on if it succeeds.

    Raises: Problem, when the key was used for something else.
    """
    kept = await store.claim(tx, asked, now)
    if kept.fingerprint != asked.fingerprint:
        raise Problem(
            422,
            "key-reused",
            "Deze sleutel is al gebruikt",
            f"Met deze {HEADER} is eerder iets anders gevraagd. Gebruik voor elke wijziging een nieuwe sleutel.",
        )
    if kept.status is not None:
        return Response(kept.body, kept.status, {**(kept.headers or {}), REPLAYED: "true"})
    response = await ask()
    if response.status_code < 300:
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        await store.keep(tx, asked, Answer(response.status_code, headers, bytes(response.body)))
    return response


async def forget_old_answers(tx: Transaction, now: datetime, most: int) -> int:
    """Deletes at most so many answers that need not be kept any longer, and says how many; harmless to run twice."""
    return await store.forget(tx, now - KEPT_FOR, most)
