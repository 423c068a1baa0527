"""Answers that may be kept, as long as whoever keeps them asks whether they still hold (RFC 9110, conditional requests)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

OPEN = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, no-cache"}
"""Anybody may read it, from any page, and keep it; but asks each time whether it is still so."""


def tag_of(content: bytes) -> str:
    """The strong entity tag of these bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the asker has this already: by the tag that was sent, never by a date.

    A date tells whole seconds, and what is released late bears the moment that it is about: both would hide a withdrawal.
    """
    tags = request.headers.get("if-none-match", "").split(",")
    known = {each.strip().removeprefix("W/") for each in tags}
    return tag in known or "*" in known


def kept_json(request: Request, content: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """This JSON with its tag; or nothing but 304, when the asker has it."""
    told = {**OPEN, "ETag": tag_of(content), **(headers or {})}
    if is_known(request, told["ETag"]):
        return Response(status_code=304, headers=told)
    return Response(content, media_type="application/json", headers=told)
