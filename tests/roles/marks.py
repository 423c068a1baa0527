"""Marks: words and numbers that stand in one place each, so that it is seen at once when they stand elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared.contracts.event import Stream
from tests.roles.cast import PUBLISHERS, RUN, Actor


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that only `readers` may see, and that may stand only on topics of `streams`. No log may hold any."""

    name: str
    text: str
    readers: frozenset[str]
    streams: frozenset[Stream] = frozenset()
    topics: frozenset[str] = frozenset()

    def is_in(self, text: str) -> bool:
        """Whether it stands there; a number only as a number of its own."""
        if self.text not in text:
            return False
        return not self.text.isdecimal() or re.search(rf"(?<![\w.-]){self.text}(?![\w-])", text) is not None

    def may_be_seen_by(self, actor: Actor) -> bool:
        """Whether it may be in an answer to this one."""
        return actor.name in self.readers


def word(kind: str, number: int) -> str:
    """The mark of a kind in what belongs to the first or the second: it may stand within a text."""
    return f"merk-{kind}-{number}-{RUN}"


NUMBERS = {
    "figure": {1: 173_917, 2: 284_921},
    "commitment": {1: 371_933, 2: 482_947},
    "capacity": {1: 9_973, 2: 9_967},
    "own-euro": {1: 715_327, 2: 826_339},
}
"""Exact numbers that are seen as such: primes, so that no rounding gives them."""


def marks(subjects: list[str]) -> Iterator[Mark]:
    """All of them. `subjects` are the logins: these are nowhere at all."""
    yield from (Mark(f"login {subject}", subject, frozenset()) for subject in subjects)
    board = {"board-1", "board-2", "programme-manager"}
    yield Mark("name of a member", word("name", 1), frozenset(board))
    for n in (1, 2):
        yield from _of(n, board)


def _of(n: int, board: set[str]) -> Iterator[Mark]:
    owner, gemeente, partner = f"submitter-{n}", f"gemeente-{n}", f"partner-{n}"
    weighing = {"board-1", "programme-manager"}
    taking_part = {gemeente, partner, "programme-manager"}
    own = {gemeente, "programme-manager"}
    yield Mark(f"draft {n}", word("draft", n), frozenset({owner}))
    yield Mark(f"pending {n}", word("pending", n), frozenset({owner} | board), frozenset({Stream.PROJECTS}))
    yield Mark(f"review {n}", word("review", n), frozenset(weighing))
    yield Mark(f"decision {n}", word("decision", n), frozenset(weighing))
    yield Mark(f"wishes {n}", word("wishes", n), frozenset(own))
    yield Mark(f"feedback {n}", word("feedback", n), frozenset(own))
    yield Mark(f"blocker {n}", word("blocker", n), frozenset(taking_part))
    yield Mark(f"condition {n}", word("condition", n), frozenset(taking_part))
    yield Mark(f"method {n}", word("method", n), frozenset(own), frozenset({Stream.OBSERVATIONS}))
    yield Mark(f"publication {n}", word("publication", n), frozenset({f"publisher-{n}"}), topics=_refusals(n))
    yield Mark(f"hook {n}", word("hook", n), frozenset({f"subscriber-{n}"}))
    streams = {"figure": {Stream.OBSERVATIONS}, "commitment": {Stream.ADOPTIONS}, "capacity": {Stream.ORGANISATIONS}}
    readers = {"figure": own, "commitment": taking_part, "own-euro": own, "capacity": {partner, "programme-manager"}}
    for kind, numbers in NUMBERS.items():
        number = str(numbers[n])
        yield Mark(f"{kind} {n}", number, frozenset(readers[kind]), frozenset(streams.get(kind, set())))


def _refusals(n: int) -> frozenset[str]:
    return frozenset({f"refusals.{PUBLISHERS[n]}"})
