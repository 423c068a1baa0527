"""Answers that may be kept, as long as whoever keeps them asks whether they still hold (RFC 9110, conditional requests)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import Response

OPEN = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, no-cache"}
"""Anybody may read it, from any page, and keep it; but asks each time whether it is still so."""


def tag_of(content: bytes) -> str:
    """The strong entity tag of these bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def is_known(request: Request, tag: str, modified: datetime | None = None) -> bool:
    """Whether the asker has this already. A tag that was sent decides; a date only when there is none."""
    if (tags := request.headers.get("if-none-match")) is not None:
        known = {each.strip().removeprefix("W/") for each in tags.split(",")}
        return tag in known or "*" in known
    since = request.headers.get("if-modified-since")
    if since is None or modified is None:
        return False
    try:
        asked = parsedate_to_datetime(since)
    except ValueError:
        return False
    return modified.replace(microsecond=0) <= (asked if asked.tzinfo else asked.replace(tzinfo=UTC))


def http_date(instant: datetime) -> str:
    """As Last-Modified has it."""
    return format_datetime(instant.astimezone(UTC).replace(microsecond=0), usegmt=True)


def kept_json(request: Request, content: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """This JSON with its tag; or nothing but 304, when the asker has it."""
    told = {**OPEN, "ETag": tag_of(content), **(headers or {})}
    if is_known(request, told["ETag"]):
        return Response(status_code=304, headers=told)
    return Response(content, media_type="application/json", headers=told)
