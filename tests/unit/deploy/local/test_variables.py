import pytest

from deploy.local import variables
from deploy.local.settings import SERVICES, Settings


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_the_password_of_its_own_role_and_no_other(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in variables.SECRETS:
        monkeypatch.setenv(name, "/of/the/developer")
    settings = Settings()
    given = variables.for_service(settings, service)
    assert given["DATABASE_PASSWORD_FILE"] == str(settings.passwords / service)
    assert "DATABASE_ADMIN_PASSWORD_FILE" not in given
    assert "DATABASE_PASSWORD_DIR" not in given
    assert "ISSUER_DATA_DIR" not in given


@pytest.mark.parametrize(
    ("command", "owner"),
    [
        ("migrate", str(Settings().passwords / "impact_owner")),
        ("rebuild", str(Settings().passwords / "impact_owner")),
        ("parked", None),
        (None, None),
    ],
)
def test_an_operator_gets_what_the_service_has_and_the_owner_to_migrate_and_rebuild(
    command: str | None, owner: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in variables.SECRETS:
        monkeypatch.setenv(name, "/of/the/developer")
    given = variables.for_operator(Settings(), "impact", command)
    assert given.get("DATABASE_OWNER_PASSWORD_FILE") == owner
    assert {**given, "DATABASE_OWNER_PASSWORD_FILE": ""} == {
        **variables.for_service(Settings(), "impact"),
        "DATABASE_OWNER_PASSWORD_FILE": "",
    }


def test_the_setup_gets_the_superuser_and_all_roles() -> None:
    settings = Settings()
    given = variables.for_setup(settings)
    assert given["DATABASE_ADMIN_PASSWORD_FILE"] == str(settings.data / "postgres" / "superuser-password")
    assert given["DATABASE_PASSWORD_DIR"] == str(settings.passwords)


def test_the_issuer_gets_its_own_keys_and_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables.SECRETS:
        monkeypatch.setenv(name, "/of/the/developer")
    given = variables.for_issuer(Settings())
    assert given["ISSUER_DATA_DIR"] == str(Settings().issuer_data)
    assert not set(variables.SECRETS) & set(given)


def test_everything_follows_the_port_base() -> None:
    given = variables.for_service(Settings(port_base=9100), "matching")
    assert given["HTTP_PORT"] == "9103"
    assert given["DATABASE_PORT"] == "9132"
    assert given["KAFKA_SERVERS"] == "127.0.0.1:9192"
    assert given["OIDC_JWKS_URL"] == "http://127.0.0.1:9109/jwks"


def test_where_kafka_has_users_each_program_is_given_its_own_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables.SECRETS:
        monkeypatch.setenv(name, "/of/the/developer")
    settings = Settings(secured=True)
    impact, setup = variables.for_service(settings, "impact"), variables.for_setup(settings)
    assert (impact["KAFKA_USER"], impact["KAFKA_PASSWORD_FILE"]) == ("impact", str(settings.kafka_passwords / "impact"))
    assert (setup["KAFKA_USER"], setup["KAFKA_PASSWORD_FILE"]) == ("admin", str(settings.kafka_passwords / "admin"))
    assert impact["KAFKA_SECURITY"] == setup["KAFKA_SECURITY"] == "SASL_PLAINTEXT"
    assert "ACCESS_PASSWORD_DIR" not in impact
    assert not [name for name in variables.for_service(Settings(), "impact") if name.startswith(("KAFKA_U", "KAFKA_P"))]
