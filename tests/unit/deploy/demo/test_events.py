import json
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

import pytest

from deploy.demo.events import Seen, Sequences
from shared.contracts.encoding import encoded
from shared.contracts.events import ProjectWithdrawn

PROJECT = UUID(int=7)


@dataclass
class Record:
    topic: str
    value: bytes | None
    headers: list[tuple[str, bytes]]


def seen(sequence: int, event: UUID | None = None) -> Seen:
    return Seen(event or uuid4(), ProjectWithdrawn.STREAM.topic, PROJECT, sequence, withdrawn())


def withdrawn() -> ProjectWithdrawn:
    return ProjectWithdrawn(project=PROJECT, project_version=1, reason="Gestopt.", withdrawn_on=date(2026, 11, 1))


def record(**changed: str) -> Record:
    given = {
        "ce_id": str(UUID(int=1)),
        "ce_type": ProjectWithdrawn.ce_type(),
        "ce_subject": str(PROJECT),
        "ce_sequence": "2",
    }
    headers = [(name, value.encode()) for name, value in {**given, **changed}.items()]
    return Record(ProjectWithdrawn.STREAM.topic, encoded(withdrawn()), headers)


def test_a_record_is_read_with_nothing_but_the_contracts() -> None:
    read = Seen.read(record())
    assert (read.name, read.subject, read.sequence, read.data) == ("ProjectWithdrawn", PROJECT, 2, withdrawn())


def test_what_the_contracts_do_not_know_is_not_read() -> None:
    with pytest.raises(ValueError, match="not in the contracts"):
        Seen.read(record(ce_type="nl.schuldhulpprojecten.surprise.v1"))


def test_data_that_breaks_its_contract_is_not_read() -> None:
    broken = record()
    broken.value = json.dumps({"project": str(PROJECT)}).encode()
    with pytest.raises(ValueError, match="ProjectWithdrawn"):
        Seen.read(broken)


def test_the_same_event_twice_is_a_duplicate_and_no_fault() -> None:
    sequences, first = Sequences(), seen(1)
    assert sequences.is_new(first)
    assert sequences.fault(first) is None
    assert not sequences.is_new(first)


@pytest.mark.parametrize("sequence", [1, 3])
def test_a_gap_and_a_fork_are_named(sequence: int) -> None:
    sequences = Sequences()
    assert sequences.fault(seen(1)) is None
    assert "verwacht was 2" in str(sequences.fault(seen(sequence)))


def test_who_begins_in_the_middle_takes_what_comes_first() -> None:
    assert Sequences().fault(seen(5)) is None
    assert "verwacht was 1" in str(Sequences().fault(seen(5), first=1))
