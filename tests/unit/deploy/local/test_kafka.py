"""What Kafka's folder must be before it is begun."""

from pathlib import Path

import pytest

from deploy.local.errors import RunnerError
from deploy.local.kafka import Kafka


def test_data_that_was_made_without_users_is_not_opened_with_users(tmp_path: Path) -> None:
    (tmp_path / "kafka" / "data").mkdir(parents=True)
    with pytest.raises(RunnerError, match=r"was made without users: run `make clean`"):
        Kafka(tmp_path / "kafka", 1, 2, passwords=tmp_path / "passwords").begin()
    assert not (tmp_path / "passwords").exists()
