"""Results do not depend on where polls begin and end, nor on how often and in which order records come in.

Held against the simplest thing that could be right: a plain fold over each life, up to the first version that fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.messaging.listener import Listener
from shared.storage import Database
from tests.integration.shared.messaging.toy import heard, parked, words
from tests.messaging import Record, life, told_words

WORDS = st.sampled_from(["a", "b", "zeg c", "zeg d", "kapot", "halverwege kapot", "te veel"])
LIVES = st.lists(st.lists(WORDS, min_size=1, max_size=7), min_size=1, max_size=3)
FAILING = ("kapot", "halverwege kapot", "te veel")
NUMBERS = count(1)


@dataclass(frozen=True)
class Delivery:
    """Lives, and how they come in: batches of (life, version), each version at least once."""

    lives: list[list[str]]
    batches: list[list[tuple[int, int]]]


@st.composite
def deliveries(draw: st.DrawFn) -> Delivery:
    lives = draw(LIVES)
    versions = [(life, nth) for life, words in enumerate(lives) for nth in range(1, len(words) + 1)]
    twice = draw(st.lists(st.sampled_from(versions), max_size=6))
    order = draw(st.permutations(versions + twice))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=6)))
    batches = [list(order[a:b]) for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    return Delivery(lives, [batch for batch in batches if batch])


def applied(words: Sequence[str]) -> list[str]:
    """What a plain fold makes of this life: everything before the first word that fails."""
    return list(words[: next((nth for nth, word in enumerate(words) if word in FAILING), len(words))])


def said(words: Sequence[str]) -> list[tuple[int, str]]:
    spoken = [form for word in words if word.startswith("zeg") for form in (word, f"{word} (echo)")]
    return list(enumerate(spoken, 1))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(delivery=deliveries())
async def test_rule_13_any_delivery_ends_as_a_plain_fold_over_each_life(
    listener: Listener, database: Database, delivery: Delivery
) -> None:
    """Guard: savepoints take ledger, waiting and said back with them (shared/messaging/listener.py)."""
    entities = [UUID(int=next(NUMBERS)) for _ in delivery.lives]
    records: list[list[Record]] = [life(entity, words) for entity, words in zip(entities, delivery.lives, strict=True)]

    for batch in delivery.batches:
        await listener.hear([records[nth][version - 1] for nth, version in batch], [])

    for entity, all_words in zip(entities, delivery.lives, strict=True):
        good = applied(all_words)
        last = len(all_words)
        assert await words(database, entity) == good
        assert await told_words(database, entity) == said(good)
        if len(good) == last:
            assert await heard(database, entity) == (last, "free")
            assert await parked(database, entity) == []
        else:
            bad = len(good) + 1
            assert await heard(database, entity) == (len(good), "stopped")
            assert await parked(database, entity) == [(bad, "failed"), *((n, "gap") for n in range(bad + 1, last + 1))]
