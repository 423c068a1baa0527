"""Which polled records are new, and how a log that changed shows itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from aiokafka import TopicPartition

from shared.messaging.heard import Position
from shared.messaging.places import LogChanged, Places, event_id_of, reading_from
from tests.messaging import CLUSTER, Record, event_id, life, withdrawn

ONE = UUID(int=1)
FIVE = life(ONE, "abcde")
TOPIC = FIVE[0].topic
PART = TopicPartition(TOPIC, 0)
NO_DATABASE: Any = None
PLACES = Places(NO_DATABASE, CLUSTER)


def at(offset: int, remembered: UUID | None, since: int = -1) -> Position:
    return Position(TOPIC, 0, offset, CLUSTER, remembered, since)


def id_at(offset: int) -> UUID:
    return event_id(withdrawn(ONE), offset + 1)


def offsets(position: Position, records: list[Record]) -> tuple[list[int], Position | None]:
    fresh, places = PLACES.fresh({PART: position}, {PART: records})
    return [record.offset for record in fresh], places.get(PART)


def test_what_comes_at_our_place_is_new_and_the_last_event_is_remembered() -> None:
    assert offsets(at(2, id_at(1)), FIVE[2:4]) == ([2, 3], at(4, id_at(3), since=2))


def test_the_remembered_event_is_compared_and_not_heard_again() -> None:
    assert offsets(at(2, id_at(1)), FIVE[1:4]) == ([2, 3], at(4, id_at(3), since=2))
    assert offsets(at(2, id_at(1)), FIVE[1:2]) == ([], None)


def test_another_event_where_the_remembered_one_was_means_that_the_topic_was_made_anew() -> None:
    with pytest.raises(LogChanged, match="made anew"):
        offsets(at(2, UUID(int=99)), FIVE[1:4])


@pytest.mark.parametrize("remembered", [id_at(3), None])
def test_a_log_that_begins_again_below_our_place_was_cut_or_made_anew(remembered: UUID | None) -> None:
    with pytest.raises(LogChanged, match="we were at 4, and the log begins again at 0"):
        offsets(at(4, remembered), FIVE[:2])


def test_what_is_missing_in_between_is_no_detail() -> None:
    with pytest.raises(LogChanged, match="expected offset 2, got 3"):
        offsets(at(2, id_at(1)), FIVE[3:])


def test_partitions_keep_their_own_places() -> None:
    other = TopicPartition(TOPIC, 1)
    elsewhere = [Record(TOPIC, 1, 7, one.key, one.value, one.headers) for one in life(UUID(int=2), "x")]

    fresh, places = PLACES.fresh(
        {PART: at(0, None), other: Position(TOPIC, 1, 7, CLUSTER, None)}, {PART: FIVE, other: elsewhere}
    )

    assert len(fresh) == 6
    assert {part.partition: place.next for part, place in places.items()} == {0: 5, 1: 8}


def test_it_reads_from_the_remembered_event_or_from_its_place() -> None:
    assert reading_from(at(4, id_at(3))) == 3
    assert reading_from(at(4, None)) == 4
    assert reading_from(at(0, None)) == 0


@pytest.mark.parametrize("found", [None, b"\xff", b"", b"no id"])
def test_an_id_that_cannot_be_read_is_not_remembered(found: bytes | None) -> None:
    assert event_id_of(Record(TOPIC, 0, 0, None, None, [("ce_id", found)])) is None
