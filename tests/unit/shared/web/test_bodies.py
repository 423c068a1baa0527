"""Bodies have limits that nobody has to think of; results have a revision when they have one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from shared.web.bodies import MAX_INTEGER, MAX_ITEMS, MAX_TEXT, Body, Result


class Part(Body):
    size: int


class Whole(Body):
    amount_euro: int = 0
    share: float = 0.0
    is_open: bool = False
    seen_at: datetime | None = None
    starts_on: date | None = None
    text: str = ""
    parts: list[Part] = Field(default_factory=list)
    figures: dict[str, int | None] = Field(default_factory=dict)
    few: Annotated[list[int], Field(max_length=2)] = Field(default_factory=list)
    long: Annotated[str, Field(max_length=MAX_TEXT * 2)] = ""
    positive: Annotated[int, Field(gt=0)] = 1


@pytest.mark.parametrize(
    "sent",
    [
        {"amountEuro": "12"},
        {"amountEuro": 12.0},
        {"amountEuro": True},
        {"amountEuro": MAX_INTEGER + 1},
        {"amountEuro": -MAX_INTEGER - 1},
        {"share": "0.5"},
        {"share": float("inf")},
        {"share": float("nan")},
        {"isOpen": 1},
        {"isOpen": "yes"},
        {"seenAt": "2026-01-31T10:00:00"},
        {"startsOn": "2026-02-30"},
        {"text": "x" * (MAX_TEXT + 1)},
        {"parts": [{"size": 1}] * (MAX_ITEMS + 1)},
        {"parts": [{"size": "1"}]},
        {"figures": {"x": "1"}},
        {"figures": {"x": 2**60}},
        {"few": [1, 2, 3]},
        {"few": ["1"]},
        {"positive": 0},
        {"positive": 2**60},
        {"amount_euro": 1},
        {"unknown": 1},
    ],
    ids=lambda sent: str(sent)[:40],
)
def test_what_does_not_fit_is_refused(sent: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Whole.model_validate(sent)


def test_what_fits_is_taken() -> None:
    sent = {
        "amountEuro": MAX_INTEGER,
        "share": 1,
        "seenAt": "2026-01-31T10:00:00+01:00",
        "startsOn": "2026-02-28",
        "text": "  ruimte eromheen ",
        "long": "x" * (MAX_TEXT + 1),
        "figures": {"x": None},
    }
    taken = Whole.model_validate(sent)
    assert (taken.amount_euro, taken.text, taken.starts_on) == (MAX_INTEGER, "ruimte eromheen", date(2026, 2, 28))


class Seen(Result):
    seen_at: datetime


class Counted(Result):
    revision: int
    seen: Seen


def test_a_result_speaks_camel_case_and_utc_and_is_silent_about_a_revision_it_lacks() -> None:
    counted = Counted(revision=3, seen=Seen(seen_at=datetime(2026, 1, 31, 9, 30, tzinfo=UTC)))
    assert counted.model_dump_json() == '{"revision":3,"seen":{"seenAt":"2026-01-31T09:30:00Z"}}'
