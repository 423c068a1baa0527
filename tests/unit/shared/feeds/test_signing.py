"""Do our signatures hold by the specification, and by its own library?"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from shared.feeds.signing import Signer, shown

PUBLISHED = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""The secret of the specification's example; its message and signature are below."""


def test_the_example_of_the_specification_gets_the_signature_that_it_names() -> None:
    at, body = datetime.fromtimestamp(1614265330, UTC), '{"test": 2432232314}'
    headers = Signer([base64.b64decode(PUBLISHED)]).headers("msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_either_secret_verifies_while_one_takes_the_place_of_the_other() -> None:
    old, new, other = (bytes([n]) * 32 for n in (1, 2, 3))
    headers = Signer([new, old]).headers("msg_1", datetime.now(UTC), '{"cijfer": "ë"}')
    for secret in (old, new):
        assert Webhook(shown(secret)).verify('{"cijfer": "ë"}', dict(headers)) == {"cijfer": "ë"}
    with pytest.raises(WebhookVerificationError):
        Webhook(shown(other)).verify('{"cijfer": "ë"}', dict(headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(shown(new)).verify('{"cijfer": "e"}', dict(headers))


def test_twenty_lines_without_a_library_verify_it_too() -> None:
    secret, body = bytes(range(32)), '{"a": 1}'
    headers = Signer([secret]).headers("msg_1", datetime.now(UTC), body)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
