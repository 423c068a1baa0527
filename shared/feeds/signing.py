"""Signatures of webhooks, after the Standard Webhooks specification (standardwebhooks.com, symmetric: HMAC-SHA256)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime

from standardwebhooks import Webhook


def shown(secret: bytes) -> str:
    """A secret as receivers are given it."""
    return f"whsec_{b64encode(secret).decode()}"


class Signer:
    """Signs with one secret, or with several while a new one takes the place of an old one."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._webhooks = [Webhook(secret) for secret in secrets]

    def headers(self, message: str, at: datetime, text: str) -> Mapping[str, str]:
        """The headers that go with a message: its id, the moment of this attempt in UTC, and a signature a secret."""
        return {
            "webhook-id": message,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(webhook.sign(message, at, text) for webhook in self._webhooks),
        }
