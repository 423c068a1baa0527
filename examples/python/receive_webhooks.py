"""Receives the published impact: each line is posted to us, signed after the Standard Webhooks specification.

Run it so: PORT=8080 WEBHOOK_SECRET_FILE=webhook-secret STATE_FILE=table.json python receive_webhooks.py

Put a proxy with TLS before it: webhooks are sent to https addresses only. The file may hold more than one secret, one a line,
while a new one takes the place of an old one. It is read at each request, so a new secret needs no restart.
"""

import hashlib
import hmac
import json
import os
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from table import table

SECRETS = Path(os.environ.get("WEBHOOK_SECRET_FILE", "webhook-secret"))
CHALLENGE, IMPACT = "nl.schuldhulpprojecten.webhook-challenge.v1", "nl.schuldhulpprojecten.impact-published.v1"
TOLERANCE_SECONDS, LONGEST_BODY = 300, 262_144
KEPT = table()


def is_signed(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether it comes from the platform, and not long ago: one of the signatures is made with one of our secrets."""
    message, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not moment.isdigit() or abs(time.time() - int(moment)) > TOLERANCE_SECONDS:
        return False
    content = f"{message}.{moment}.".encode() + body
    for line in SECRETS.read_text(encoding="utf-8").split() if SECRETS.exists() else ():
        secret = b64decode(line.removeprefix("whsec_"))
        expected = b"v1," + b64encode(hmac.digest(secret, content, hashlib.sha256))
        if any(hmac.compare_digest(expected, given.encode()) for given in headers.get("webhook-signature", "").split()):
            return True
    return False


class Receiver(BaseHTTPRequestHandler):
    """One request. Whatever is not answered with 2xx is sent again later; what comes twice changes nothing."""

    timeout = 10

    def do_POST(self) -> None:
        """Takes a message: a challenge is sent back, a line of the ledger goes into the table."""
        length = int(self.headers.get("Content-Length", "0"))
        if length > LONGEST_BODY:
            return self._answer(413)
        body = self.rfile.read(length)
        if not is_signed(self.headers, body):
            return self._answer(401)
        event = json.loads(body)
        if event["type"] == CHALLENGE:
            return self._answer(200, {"challenge": event["data"]["challenge"]})
        if event["type"] == IMPACT:
            KEPT.apply(event["data"])
            KEPT.save(self.headers["webhook-id"])
            print(f"{event['data']['kind']}: {len(KEPT.shown())} figures are shown", flush=True)
        return self._answer(204)

    def log_message(self, *_: object) -> None:
        """Nothing: what is worth telling is told above."""

    def _answer(self, status: int, told: dict[str, str] | None = None) -> None:
        body = json.dumps(told).encode() if told else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Receiver).serve_forever()
