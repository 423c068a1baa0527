"""What the services declare, what the registry says and what is written down are one and the same."""

import importlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.contracts import commands
from shared.contracts.registry import TOPICS, said_by
from shared.messaging.reacting import Reactor

ROOT = Path(__file__).parents[2]
OWNERS = sorted({topic.owner for topic in TOPICS.values()})


@pytest.mark.parametrize("owner", OWNERS)
def test_a_service_declares_exactly_what_the_registry_lets_it_say(owner: str) -> None:
    service = importlib.import_module(f"services.{owner}.service").service

    assert service.name == owner
    assert {event.__name__ for event in service.says} == {event.__name__ for event in said_by(owner)}


@pytest.mark.parametrize("owner", OWNERS)
def test_no_feature_misses_what_another_of_its_service_hears_in_a_newer_version(owner: str) -> None:
    hears = importlib.import_module(f"services.{owner}.service").service.hears

    assert Reactor(hears).hears == {event for reaction in hears for event in reaction.hears}


def test_the_generated_files_are_up_to_date_and_fit_what_was_released() -> None:
    result = CliRunner().invoke(commands, ["check"])

    assert result.exit_code == 0, result.output
