"""Where docker compose put the platform, as .env says: one address for all, Kafka's, and the files that let one in."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from deploy.local.errors import RunnerError
from deploy.local.settings import ROOT

ENV_FILE = ROOT / ".env"
REALM = "schuldhulpprojecten"
AUTHORITY = "ca.pem"


@dataclass(frozen=True)
class Installation:
    """`settings` are those of .env, with the environment's before them."""

    settings: Mapping[str, str]

    @classmethod
    def load(cls, variables: Mapping[str, str], env_file: Path = ENV_FILE) -> Installation:
        """As .env says, and the environment before it."""
        return cls({**_written(env_file), **variables})

    @property
    def url(self) -> str:
        """The address of the proxy."""
        return self.settings.get("PUBLIC_URL", "https://localhost:8443").rstrip("/")

    @property
    def kafka(self) -> str:
        """Kafka's address for outsiders: `host:port`."""
        return f"{self.settings.get('KAFKA_HOST') or 'localhost'}:{self.settings.get('KAFKA_PORT') or '8192'}"

    @property
    def keycloak(self) -> str | None:
        """Where Keycloak is; None if another issuer gives the tokens."""
        return None if self.settings.get("ISSUER_URL") or self.settings.get("OIDC_ISSUER") else f"{self.url}/auth"

    @property
    def issuer(self) -> str:
        """Who gives the tokens, as they say it themselves."""
        return self.settings.get("OIDC_ISSUER") or f"{self.url}/auth/realms/{REALM}"

    def secret(self, name: str) -> str:
        """What stands in a secret's file. Raises: RunnerError."""
        folder = ROOT / (self.settings.get("SECRETS_DIR") or "deploy/secrets.example")
        try:
            return (folder / name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise RunnerError(f"The secret {folder / name} cannot be read ({error.strerror}).") from None

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """Trusts whoever signed the certificates of proxy and Kafka, and nobody else. Raises: RunnerError."""
        folder = self.settings.get("CERTS_DIR")
        try:
            authority = (ROOT / folder / AUTHORITY).read_text(encoding="ascii") if folder else _of_the_volume()
            return ssl.create_default_context(cadata=authority)
        except (OSError, ValueError) as error:
            raise RunnerError(f"{AUTHORITY} holds no certificates that can be trusted: {error}") from None


def _of_the_volume() -> str:
    """The authority that the job `certs` made. Raises: RunnerError."""
    command = ["docker", "compose", "exec", "-T", "proxy", "cat", f"/certs/{AUTHORITY}"]
    try:
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RunnerError(f"Docker does not answer: {error}") from None
    if done.returncode:
        raise RunnerError(f"The proxy does not run: docker compose up -d --wait starts it. ({done.stderr.strip()})")
    return done.stdout


def _written(env_file: Path) -> dict[str, str]:
    """The settings in a .env file: NAME=value on each line."""
    if not env_file.exists():
        return {}
    lines = (line.strip() for line in env_file.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}
