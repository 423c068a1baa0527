"""Every client of Kafka gets the same: where it goes, and as whom."""

from __future__ import annotations

import ssl

import pytest

from shared.messaging.brokers import Brokers, Login, addresses, client_settings, security

WORDS = iter(["first", "second", "third"])


def test_a_string_is_a_place_that_asks_nobody_who_they_are() -> None:
    assert client_settings("one:1,two:2") == {"bootstrap_servers": ["one:1", "two:2"]}
    assert client_settings(Brokers("one:1")) == {"bootstrap_servers": ["one:1"]}
    assert (security("one:1"), security(Brokers("one:1"))) == (None, None)
    assert addresses(Brokers("one:1,two:2")) == ["one:1", "two:2"]


@pytest.mark.parametrize(
    ("context", "protocol"), [(None, "SASL_PLAINTEXT"), (ssl.create_default_context(), "SASL_SSL")]
)
def test_a_login_is_given_to_aiokafka_and_to_faststream_alike(context: ssl.SSLContext | None, protocol: str) -> None:
    brokers = Brokers("one:1", Login("impact", lambda: "word"), context)
    ours, theirs = client_settings(brokers), security(brokers)
    assert ours == {
        "bootstrap_servers": ["one:1"],
        "security_protocol": protocol,
        "ssl_context": context,
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "impact",
        "sasl_plain_password": "word",
    }
    assert theirs is not None
    assert (theirs.username, theirs.password, theirs.ssl_context, theirs.use_ssl) == (
        "impact", "word", context, context is not None,
    )  # fmt: skip


def test_a_password_that_changed_holds_from_the_next_client_on_and_is_not_shown() -> None:
    brokers = Brokers("one:1", Login("impact", lambda: next(WORDS)))
    assert client_settings(brokers)["sasl_plain_password"] == "first"
    assert client_settings(brokers)["sasl_plain_password"] == "second"
    assert "first" not in f"{brokers} {brokers!r}"
