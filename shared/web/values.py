"""What a handler may ask for besides its body: the transaction, the time, the revision that the caller saw."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic import BeforeValidator, WithJsonSchema

from shared.clock import day_of
from shared.storage import Transaction

ETAG = re.compile(r'"(\d{1,10})"')
MAX_REVISION = 2**31 - 1


async def transaction_of(request: Request) -> Transaction:
    """The transaction that the route opened."""
    tx: Transaction = request.state.tx
    return tx


async def _now(request: Request) -> datetime:
    now: datetime = request.state.now
    return now


async def _today(request: Request) -> date:
    return day_of(request.state.now)


def _revision(text: object) -> int:
    found = ETAG.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or int(found[1]) > MAX_REVISION:
        raise ValueError('Geef de ETag die u kreeg, precies zo en met aanhalingstekens: "3". W/"3" en * kunnen niet.')
    return int(found[1])


def etag_of(revision: int) -> str:
    """The entity tag of a revision, as If-Match must repeat it."""
    return f'"{revision}"'


Tx = Annotated[Transaction, Depends(transaction_of)]
"""The request's one transaction: it commits when the handler returns, and rolls back when it raises."""
Now = Annotated[datetime, Depends(_now)]
"""When the request began, in UTC."""
Today = Annotated[date, Depends(_today)]
"""The date in the Netherlands when the request began."""
IfMatch = Annotated[
    int,
    BeforeValidator(_revision),
    WithJsonSchema({"type": "string", "pattern": '^"\\d+"$', "examples": ['"3"']}),
    Header(alias="If-Match", description="The ETag of the version that you saw."),
]
"""The revision that the caller saw; every PUT, PATCH and DELETE takes it."""
