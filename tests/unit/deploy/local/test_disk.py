from pathlib import Path

import pytest

from deploy.local import disk
from deploy.local.errors import RunnerError


def test_too_little_space_says_what_to_do(tmp_path: Path) -> None:
    disk.require_space(tmp_path, 1)
    with pytest.raises(RunnerError, match=r"disk is full.*DATA_DIR"):
        disk.require_space(tmp_path, 10**18)


def test_a_program_that_ran_out_of_space_is_understood() -> None:
    assert disk.reason("HINT:  Check free disk space.", "otherwise") == disk.FULL
    assert disk.reason("a broken index", "otherwise") == "otherwise"
