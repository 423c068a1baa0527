from pathlib import Path

import pytest

from deploy.certs.__main__ import ensure
from deploy.certs.folder import served
from deploy.certs.making import AUTHORITY
from deploy.demo.places import Places
from deploy.local.errors import RunnerError
from shared.clock import system_clock


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """One that an operator wrote."""
    file = tmp_path / ".env"
    settings = ("# where", "PUBLIC_URL=https://schuldhulp.test:9443/", 'KAFKA_PORT="9192"', f"SECRETS_DIR={tmp_path}")
    file.write_text("\n".join(settings), encoding="utf-8")
    return file


def test_without_settings_it_plays_on_what_make_up_starts(env_file: Path) -> None:
    places = Places.load({}, env_file)
    assert places.services["submission"] == "http://127.0.0.1:8101"
    assert places.services["impact"] == "http://127.0.0.1:8104"
    assert (places.issuer, places.kafka) == ("http://127.0.0.1:8109", "127.0.0.1:8192")


def test_a_copy_on_other_ports_is_found_by_the_same_setting() -> None:
    places = Places.load({"PORT_BASE": "9100"})
    assert (places.services["matching"], places.kafka) == ("http://127.0.0.1:9103", "127.0.0.1:9192")


def test_compose_is_found_behind_one_address_and_the_environment_goes_before_its_env_file(env_file: Path) -> None:
    places = Places.load({"TARGET": "compose", "KAFKA_PORT": "7192"}, env_file)
    assert places.services["submission"] == "https://schuldhulp.test:9443/submission"
    assert places.kafka == "localhost:7192"
    assert places.issuer == "https://schuldhulp.test:9443/auth/realms/schuldhulpprojecten"
    assert "docker compose logs matching" in places.advice("matching")


def test_tokens_come_from_keycloak_unless_another_issuer_is_named(env_file: Path) -> None:
    def keycloak(**variables: str) -> str | None:
        installation = Places.load({"TARGET": "compose", **variables}, env_file).installation
        assert installation
        return installation.keycloak

    assert keycloak() == "https://schuldhulp.test:9443/auth"
    assert keycloak(OIDC_ISSUER="http://localhost:8109") is None
    assert keycloak(ISSUER_URL="http://localhost:8109") is None


def test_a_secret_of_compose_is_read_from_its_file_and_one_that_is_not_there_is_named(env_file: Path) -> None:
    installation = Places.load({"TARGET": "compose"}, env_file).installation
    assert installation
    (env_file.parent / "kafka").mkdir()
    (env_file.parent / "kafka" / "admin").write_text("geheim\n")
    assert installation.secret("kafka/admin") == "geheim"
    with pytest.raises(RunnerError, match="keycloak_admin cannot be read"):
        installation.secret("keycloak_admin")


def test_compose_is_trusted_by_the_authority_in_the_operators_folder_and_by_no_other(env_file: Path) -> None:
    certs = env_file.parent / "certs"
    ensure(certs, served("schuldhulp.test", "localhost"), system_clock(), may_make=True)
    installation = Places.load({"TARGET": "compose", "CERTS_DIR": str(certs)}, env_file).installation
    assert installation
    (trusted,) = installation.trust.get_ca_certs()
    assert AUTHORITY in str(trusted["subject"])
    (certs / "ca.pem").write_text("nothing")
    broken = Places.load({"TARGET": "compose", "CERTS_DIR": str(certs)}, env_file).installation
    with pytest.raises(RunnerError, match=r"ca\.pem holds no certificates"):
        _ = broken and broken.trust


@pytest.mark.parametrize("target", ["", "compose"])
def test_an_address_that_is_given_goes_before_everything(target: str, env_file: Path) -> None:
    given = {"TARGET": target, "IMPACT_URL": "http://elsewhere:1", "KAFKA_SERVERS": "elsewhere:2", "PORT_BASE": ""}
    places = Places.load(given, env_file)
    assert (places.services["impact"], places.kafka) == ("http://elsewhere:1", "elsewhere:2")
