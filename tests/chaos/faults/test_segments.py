"""What is cut from a partition's files is cut where a batch begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.faults import segments

PARTITION = "projects-3"


def batch(first: int, records: int) -> bytes:
    """A batch as format 2 has it, with nothing in it that nobody reads here."""
    body = bytearray(61 - 12 + 10 * records)
    segments.LAST_DELTA.pack_into(body, segments.LAST_DELTA_AT - segments.BATCH.size, records - 1)
    return segments.BATCH.pack(first, len(body)) + body


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A broker's folder: ten records in batches of 4, 3, 2 and 1."""
    folder = tmp_path / PARTITION
    folder.mkdir()
    log = b"".join(batch(first, records) for first, records in ((0, 4), (4, 3), (7, 2), (9, 1)))
    (folder / "00000000000000000000.log").write_bytes(log)
    (folder / "00000000000000000000.index").write_bytes(b"index")
    (tmp_path / ".kafka_cleanshutdown").touch()
    (tmp_path / segments.CHECKPOINTS[0]).write_text("0\n2\nprojects 3 10\nprojects 30 10\n")
    return tmp_path


@pytest.mark.parametrize(("count", "offset"), [(1, 9), (2, 7), (3, 7), (4, 4), (99, 0)])
def test_it_cuts_where_a_batch_begins(data: Path, count: int, offset: int) -> None:
    assert segments.end_of(data, PARTITION) == 10
    assert segments.place_to_cut(data, PARTITION, count) == offset
    segments.cut(data, PARTITION, offset)
    assert segments.end_of(data, PARTITION) == offset


def test_a_broker_forgets_what_it_knew_of_the_end(data: Path) -> None:
    segments.cut(data, PARTITION, 7)
    assert not list(data.glob("*/*.index"))
    assert not (data / ".kafka_cleanshutdown").exists()
    assert (data / segments.CHECKPOINTS[0]).read_text() == "0\n2\nprojects 3 7\nprojects 30 10\n"


def test_an_empty_partition_ends_where_its_segment_begins(data: Path) -> None:
    (data / PARTITION / "00000000000000000000.log").write_bytes(b"")
    assert segments.end_of(data, PARTITION) == 0
    assert segments.place_to_cut(data, PARTITION, 3) == 0
