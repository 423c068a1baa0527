"""A poll comes in parts, and is one poll: what is new of it, and the place that all of it follows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.envelope import Decoder
from shared.messaging.heard import Position
from shared.messaging.places import LogChanged, Places
from shared.messaging.polling import Batch
from tests.messaging import CLUSTER, Record, event_id, life, withdrawn

ONE = UUID(int=1)
LIFE = life(ONE, "abcdefgh")
PART = TopicPartition(LIFE[0].topic, 0)
AT = Position(PART.topic, 0, 2, CLUSTER, event_id(withdrawn(ONE), 2))
NO_DATABASE: Any = None
PLACES, DECODER = Places(NO_DATABASE, CLUSTER), Decoder([])


def batch_of(*parts: list[Record]) -> Batch:
    batch = Batch(1, {PART: AT})
    for part in parts:
        batch.add({PART: part}, PLACES, DECODER)
    return batch


@given(cuts=st.lists(st.integers(1, len(LIFE) - 1), unique=True).map(sorted))
def test_it_is_the_same_poll_wherever_it_is_cut(cuts: list[int]) -> None:
    parts = [LIFE[start:end] for start, end in zip([1, *cuts], [*cuts, len(LIFE)], strict=True)]

    batch = batch_of(*parts)

    assert batch == batch_of(LIFE[1:])
    assert batch.count == 6
    assert batch.positions[PART] == Position(PART.topic, 0, 8, CLUSTER, event_id(withdrawn(ONE), 8), since=2)


def test_what_is_missing_between_two_parts_is_no_detail() -> None:
    with pytest.raises(LogChanged, match="expected offset 4, got 5"):
        batch_of(LIFE[2:4], LIFE[5:])


def test_a_partition_that_is_not_ours_is_left_out() -> None:
    other = TopicPartition(PART.topic, 1)
    batch = Batch(1, {PART: AT})

    batch.add({PART: LIFE[2:3], other: life(UUID(int=2), "x")}, PLACES, DECODER)

    assert (batch.count, list(batch.records), list(batch.positions)) == (1, [PART], [PART])
