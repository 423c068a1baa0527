from pathlib import Path

import pytest

from deploy.demo.places import Places


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    file = tmp_path / ".env"
    file.write_text('# ports\nMATCHING_PORT=9103\nKAFKA_PORT="9192"\n', encoding="utf-8")
    return file


def test_without_settings_it_plays_on_what_make_up_starts(env_file: Path) -> None:
    places = Places.load({}, env_file)
    assert places.services["submission"] == "http://127.0.0.1:8101"
    assert places.services["impact"] == "http://127.0.0.1:8104"
    assert (places.issuer, places.kafka) == ("http://127.0.0.1:8109", "127.0.0.1:8192")


def test_a_copy_on_other_ports_is_found_by_the_same_setting() -> None:
    places = Places.load({"PORT_BASE": "9100"})
    assert (places.services["matching"], places.kafka) == ("http://127.0.0.1:9103", "127.0.0.1:9192")


def test_compose_is_found_by_its_env_file_and_the_environment_goes_first(env_file: Path) -> None:
    places = Places.load({"TARGET": "compose", "KAFKA_PORT": "7192"}, env_file)
    assert places.services["submission"] == "http://127.0.0.1:8101"
    assert places.services["matching"] == "http://127.0.0.1:9103"
    assert places.kafka == "127.0.0.1:7192"
    assert "docker compose logs matching" in places.advice("matching")


@pytest.mark.parametrize("target", ["", "compose"])
def test_an_address_that_is_given_goes_before_everything(target: str, env_file: Path) -> None:
    given = {"TARGET": target, "IMPACT_URL": "http://elsewhere:1", "KAFKA_SERVERS": "elsewhere:2", "PORT_BASE": ""}
    places = Places.load(given, env_file)
    assert (places.services["impact"], places.kafka) == ("http://elsewhere:1", "elsewhere:2")
