from pathlib import Path

import pytest

from deploy.local.errors import RunnerError
from deploy.local.settings import OFFSETS, ROOT, Settings


def test_without_variables_the_data_lies_in_the_checkout() -> None:
    settings = Settings.load({})
    assert settings.data == ROOT / ".data"
    assert (settings.port("submission"), settings.port("issuer"), settings.port("kafka")) == (8101, 8109, 8192)


def test_two_copies_with_other_bases_share_no_port() -> None:
    one, other = Settings.load({}), Settings.load({"PORT_BASE": "9100"})
    assert not {one.port(name) for name in OFFSETS} & {other.port(name) for name in OFFSETS}


def test_a_relative_data_folder_is_taken_from_the_checkout(tmp_path: Path) -> None:
    assert Settings.load({"DATA_DIR": "other"}).data == ROOT / "other"
    assert Settings.load({"DATA_DIR": str(tmp_path)}).data == tmp_path


def test_an_empty_variable_means_the_default() -> None:
    assert Settings.load({"PORT_BASE": "", "DATA_DIR": "", "CACHE_DIR": "", "LOG_LEVEL": ""}) == Settings.load({})


@pytest.mark.parametrize("base", ["eight", "80", "65500", "-1"])
def test_a_port_base_that_cannot_be_names_the_setting(base: str) -> None:
    with pytest.raises(RunnerError, match=r"PORT_BASE=.* from 1024 to"):
        Settings.load({"PORT_BASE": base})


def test_kafka_asks_for_passwords_when_it_is_told_to_and_from_then_on(tmp_path: Path) -> None:
    here = {"DATA_DIR": str(tmp_path)}
    assert not Settings.load(here).secured
    assert Settings.load({**here, "KAFKA_SECURITY": "SASL_PLAINTEXT"}).secured
    Settings.load(here).kafka_passwords.mkdir()
    assert Settings.load(here).secured
    assert not Settings.load({**here, "KAFKA_SECURITY": "PLAINTEXT"}).secured


def test_a_security_that_is_not_there_names_the_setting() -> None:
    with pytest.raises(RunnerError, match=r"KAFKA_SECURITY=SSL does not do: set it to PLAINTEXT or SASL_PLAINTEXT"):
        Settings.load({"KAFKA_SECURITY": "SSL"})
