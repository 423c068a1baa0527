"""Erasing a person: the login and the name go, the opaque id stays where it was written (GDPR, article 17).

What somebody did keeps its place: a review, a seat, a line of the audit. From now on nobody can tell whose it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.storage import Transaction
from shared.web import store


@dataclass(frozen=True, slots=True)
class Erased:
    """Who was erased, by the id that stays, and how many kept answers were deleted or had the name taken out."""

    person: UUID
    answers: int


async def erase(tx: Transaction, subject: str) -> Erased | None:
    """Empties the person with this login, and takes them out of the answers kept for retries. None if there is nobody.

    Who logs in with it again is somebody new.
    """
    found = await store.lock_person(tx, subject)
    if found is None:
        return None
    person, name = found
    await store.empty_person(tx, person)
    answers = await store.forget_caller(tx, person)
    words = [word for word in (subject, name) if word]
    for caller, key, body in await store.answers_with(tx, [_as_in_json(word).encode() for word in words]):
        if (without := without_words(body, words)) != body:
            await store.replace_answer(tx, caller, key, without)
            answers += 1
    return Erased(person, answers)


def without_words(body: bytes, words: Collection[str]) -> bytes:
    """This JSON with null for every text in which one of the words stands by itself, as where somebody was erased.

    The answer must be kept: whoever asks again must not do again what was done. What is no JSON is emptied whole.
    """
    named = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words))
    try:
        content = json.loads(body)
    except ValueError:
        return b""
    cleared = _cleared(content, named)
    return body if cleared == content else json.dumps(cleared, ensure_ascii=False, separators=(",", ":")).encode()


def _cleared(content: Any, named: re.Pattern[str]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(content, dict):
        return {key: _cleared(value, named) for key, value in content.items()}
    if isinstance(content, list):
        return [_cleared(value, named) for value in content]
    return None if isinstance(content, str) and named.search(content) else content


def _as_in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
