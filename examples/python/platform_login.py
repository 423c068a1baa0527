"""How a system logs in: a token by client credentials (OAuth 2.0), asked anew a while before the old one ends."""

import json
import os
import time
import urllib.parse
import urllib.request
from pathlib import Path

EARLY_SECONDS = 30


class Login:
    """Who we are, from TOKEN_URL, CLIENT_ID and CLIENT_SECRET_FILE: a secret never stands on a command line."""

    def __init__(self) -> None:
        self.name = os.environ["CLIENT_ID"]
        self._address = os.environ["TOKEN_URL"]
        self._secret = Path(os.environ["CLIENT_SECRET_FILE"]).read_text(encoding="utf-8").strip()
        self._token, self._ends_at = "", 0.0

    def headers(self) -> dict[str, str]:
        """What a request says about us."""
        if time.monotonic() > self._ends_at:
            self._renew()
        return {"Authorization": f"Bearer {self._token}"}

    def _renew(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": self.name, "client_secret": self._secret}
        asked = urllib.request.Request(self._address, urllib.parse.urlencode(form).encode())
        with urllib.request.urlopen(asked, timeout=10) as answer:
            given = json.load(answer)
        self._token = given["access_token"]
        self._ends_at = time.monotonic() + given["expires_in"] - EARLY_SECONDS
