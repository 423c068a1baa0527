"""Cuts the tail of a partition in a broker's own files, as a disk that lost its last writes would."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

BATCH = struct.Struct(">qi")
"""How a batch begins: its first offset, and how many bytes follow."""
LAST_DELTA = struct.Struct(">i")
LAST_DELTA_AT = 23
"""Where in a batch (format 2) its last offset stands, counted from its first."""
CHECKPOINTS = ("recovery-point-offset-checkpoint", "replication-offset-checkpoint")


def batches(segment: Path) -> Iterator[tuple[int, int, int]]:
    """Of each batch in a segment: where it begins in the file, its first offset, and the one after its last."""
    content, at = segment.read_bytes(), 0
    while at + LAST_DELTA_AT + LAST_DELTA.size <= len(content):
        first, length = BATCH.unpack_from(content, at)
        (delta,) = LAST_DELTA.unpack_from(content, at + LAST_DELTA_AT)
        yield at, first, first + delta + 1
        at += BATCH.size + length


def end_of(data: Path, partition: str) -> int:
    """The offset after the last record of a partition."""
    last = max((data / partition).glob("*.log"))
    ends = [end for _, _, end in batches(last)]
    return ends[-1] if ends else int(last.stem)


def place_to_cut(data: Path, partition: str, count: int) -> int:
    """The first offset of the batches at the end that hold at least `count` records; those of the last segment at most."""
    last = max((data / partition).glob("*.log"))
    end, cut = end_of(data, partition), end_of(data, partition)
    for _, first, _ in reversed(list(batches(last))):
        cut = first
        if end - cut >= count:
            break
    return cut


def cut(data: Path, partition: str, offset: int) -> None:
    """Takes away everything from this offset on, and what the broker remembers of it. The broker must be down."""
    for segment in (data / partition).glob("*.log"):
        size = next((at for at, first, _ in batches(segment) if first >= offset), None)
        if size is not None:
            os.truncate(segment, size)
    for pattern in ("*.index", "*.timeindex", "*.snapshot"):
        for file in (data / partition).glob(pattern):
            file.unlink()
    for name in CHECKPOINTS:
        _lower(data / name, partition, offset)
    (data / ".kafka_cleanshutdown").unlink(missing_ok=True)  # so that it looks at its logs when it starts


def _lower(checkpoint: Path, partition: str, offset: int) -> None:
    """In a checkpoint each line is: topic, partition, offset; the first two lines are a version and a count."""
    if not checkpoint.exists():
        return
    topic, _, number = partition.rpartition("-")
    lines = checkpoint.read_text(encoding="utf-8").splitlines()
    for nth, line in enumerate(lines):
        fields = line.split()
        if fields[:2] == [topic, number]:
            lines[nth] = f"{topic} {number} {min(offset, int(fields[2]))}"
    checkpoint.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
