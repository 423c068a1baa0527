"""A recorded run, for tests of the checker."""

from __future__ import annotations

from copy import deepcopy

import pytest

from tests.chaos.history import History
from tests.chaos.record import KEPT


@pytest.fixture(scope="session")
def as_recorded() -> History:
    return History.read(KEPT)


@pytest.fixture
def run(as_recorded: History) -> History:
    """A run of one's own, to do something to."""
    return deepcopy(as_recorded)
