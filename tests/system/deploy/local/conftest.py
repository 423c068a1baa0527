import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import variables
from deploy.local.programs import Program
from deploy.local.settings import OFFSETS, ROOT, Settings
from deploy.local.stack import Stack
from tests.ports import free_base

HERE = "tests.system.deploy.local"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another account may pass through, which pytest's own is not."""
    with tempfile.TemporaryDirectory(prefix="runner-") as name:
        yield Path(name)


@pytest.fixture
def settings(folder: Path) -> Settings:
    """Settings whose ports are free at this moment."""
    return Settings(data=folder / "data", port_base=free_base(OFFSETS.values()))


@pytest.fixture
def reported() -> list[str]:
    """What the stack of this test has said so far."""
    return []


@pytest.fixture
def stack(settings: Settings, reported: list[str]) -> Iterator[Stack]:
    """A real Postgres and Kafka, with stand-ins for our own programs; stopped at the end."""
    programs = [stand_in(settings, "submission"), stand_in(settings, "matching")]
    stack = Stack(settings, reported.append, programs, setup=(f"{HERE}.set_up_once",))
    try:
        yield stack
    finally:
        stack.down()


def stand_in(settings: Settings, name: str, **more: str) -> Program:
    """Return a small HTTP server in the place of a service."""
    environment = {**variables.for_service(settings, name), **more}
    arguments = (f"{HERE}.stand_in",)
    return Program(name, arguments, settings.port(name), environment, settings.data / "programs", ROOT)
