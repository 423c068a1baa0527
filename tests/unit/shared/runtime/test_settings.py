"""What an operator reads who set too little or something wrong. Passwords are read, never shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from shared.messaging.brokers import client_settings
from shared.runtime.asking import settings_from_environment
from shared.runtime.settings import NoSecret, Settings

PASSWORD = "p@ss/w:rd%? é"


@pytest.fixture
def variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The least that must be set. Nothing of this machine's environment counts."""
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    return {
        "DATABASE_PASSWORD_FILE": str(tmp_path / "password"),
        "KAFKA_SERVERS": "127.0.0.1:9092",
        "OIDC_ISSUER": "https://issuer.test",
    }


def settings(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return settings_from_environment()


def test_one_sentence_names_every_variable_that_is_missing(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit) as ended:
        settings(monkeypatch, {})
    assert ended.value.code == (
        f"These settings are missing or wrong: {', '.join(sorted(variables))}. Set them as environment variables."
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_PORT", "many"),
        ("DATABASE_PORT", "0"),
        ("HTTP_PORT", "65536"),
        ("DATABASE_CONNECTIONS", "3"),
        ("ENVIRONMENT", "staging"),
        ("LOG_LEVEL", "loud"),
        ("OIN", "1234"),
        ("TOLD_DAYS", "0"),
        ("BATCH_RECORDS", "100000"),
    ],
)
def test_a_value_that_cannot_be_is_named_and_not_repeated(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(SystemExit, match=f"missing or wrong: {name}[.]") as ended:
        settings(monkeypatch, {**variables, name: value})
    assert value not in str(ended.value.code)


def test_a_password_reaches_postgres_whatever_characters_it_has(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = urlsplit(settings(monkeypatch, {**variables, "DATABASE_NAME": "plat form?x"}).dsn("impact"))
    assert (dsn.username, unquote(dsn.password or "")) == ("impact", PASSWORD)
    assert unquote(dsn.path) == "/plat form?x"


def test_settings_that_are_printed_show_no_password(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert PASSWORD not in repr(settings(monkeypatch, variables))


@pytest.mark.parametrize(
    ("content", "complaint"), [(None, "cannot be read (No such file"), (b" \n", "is empty"), (b"\xff\xfe", "not text")]
)
def test_a_password_file_that_gives_no_password_is_named_with_its_variable(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    file = tmp_path / "other"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(NoSecret) as refused:
        settings(monkeypatch, {**variables, "DATABASE_PASSWORD_FILE": str(file)}).dsn("impact")
    assert str(refused.value).startswith(f"DATABASE_PASSWORD_FILE: {file} ")
    assert complaint in str(refused.value)


def test_only_who_migrates_needs_the_password_of_the_owner(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoSecret, match="DATABASE_OWNER_PASSWORD_FILE is not set"):
        settings(monkeypatch, variables).owner_dsn("impact")
    variables["DATABASE_OWNER_PASSWORD_FILE"] = variables["DATABASE_PASSWORD_FILE"]
    assert urlsplit(settings(monkeypatch, variables).owner_dsn("impact")).username == "impact_owner"


def test_what_a_service_says_bears_who_runs_it_and_which_service_it_is(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = settings(monkeypatch, {**variables, "OIN": "00000001234567890000"}).source("impact")
    assert source == "urn:nld:oin:00000001234567890000:systeem:impact"


def test_where_the_keys_are_need_not_be_set_and_an_empty_variable_is_none(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = settings(monkeypatch, {**variables, "OIDC_JWKS_URL": "", "OIDC_DISCOVERY_URL": ""})
    assert read.issuer.asked_first == "https://issuer.test/.well-known/openid-configuration"
    read = settings(monkeypatch, {**variables, "OIDC_DISCOVERY_URL": "http://keycloak:8080/found"})
    assert read.issuer.asked_first == "http://keycloak:8080/found"
    read = settings(monkeypatch, {**variables, "OIDC_JWKS_URL": "http://keycloak:8080/certs"})
    assert read.issuer.asked_first == "http://keycloak:8080/certs"


def test_kafka_asks_for_nothing_unless_it_is_said(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert client_settings(settings(monkeypatch, variables).brokers) == {"bootstrap_servers": ["127.0.0.1:9092"]}


def test_a_user_of_kafka_shows_the_password_that_is_in_its_file(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded = {"KAFKA_SECURITY": "SASL_PLAINTEXT", "KAFKA_USER": "impact"}
    file = {"KAFKA_PASSWORD_FILE": variables["DATABASE_PASSWORD_FILE"]}
    given = client_settings(settings(monkeypatch, {**variables, **guarded, **file}).brokers)
    assert (given["sasl_plain_username"], given["sasl_plain_password"]) == ("impact", PASSWORD)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "KAFKA_SECURITY is SASL_SSL: set KAFKA_USER, and KAFKA_PASSWORD_FILE to the file with its password."),
        ({"KAFKA_USER": "impact", "KAFKA_PASSWORD_FILE": "nowhere"}, "KAFKA_PASSWORD_FILE: nowhere cannot be read"),
        ({"KAFKA_USER": "impact", "KAFKA_CA_FILE": "nowhere"}, "KAFKA_CA_FILE: nowhere holds no certificates"),
    ],
)
def test_what_kafka_needs_and_is_not_there_is_named(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str
) -> None:
    file = {"KAFKA_PASSWORD_FILE": variables["DATABASE_PASSWORD_FILE"]} if "KAFKA_CA_FILE" in given else {}
    wrong = settings(monkeypatch, {**variables, "KAFKA_SECURITY": "SASL_SSL", **file, **given})
    with pytest.raises(NoSecret, match=said):
        _ = wrong.brokers
