from collections.abc import Iterator

import pytest

from tests.platform import Platform, platform_up


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """The whole platform, which the session shares: leave it as you found it, with every part running."""
    with platform_up() as running:
        yield running
