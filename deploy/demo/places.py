"""Where the platform is that the demo plays on: the local runner's ports, or those of docker compose."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.demo.installation import ENV_FILE, Installation
from deploy.local.guarding import ADMINISTRATOR
from deploy.local.settings import SERVICES, Settings
from shared.messaging.brokers import Brokers, Login, Servers

COMPOSE = "compose"


@dataclass(frozen=True, slots=True)
class Places:
    """The addresses of a platform: services by name, who gives the tokens, and Kafka as `host:port`."""

    services: Mapping[str, str]
    issuer: str
    kafka: str
    installation: Installation | None = None
    as_administrator: Brokers | None = None

    @property
    def is_compose(self) -> bool:
        """Whether docker compose runs it."""
        return self.installation is not None

    @property
    def brokers(self) -> Servers:
        """How to come to Kafka: with the password of its administrator, where it asks for one. Raises: RunnerError."""
        if self.installation:
            password = partial(self.installation.secret, f"kafka/{ADMINISTRATOR}")
            return Brokers(self.kafka, Login(ADMINISTRATOR, password), self.installation.trust)
        return self.as_administrator or self.kafka

    @classmethod
    def load(cls, variables: Mapping[str, str] = os.environ, env_file: Path = ENV_FILE) -> Places:
        """As TARGET says; SUBMISSION_URL and its like, ISSUER_URL and KAFKA_SERVERS go before everything.

        Raises: RunnerError, when PORT_BASE is no port.
        """
        if variables.get("TARGET") == COMPOSE:
            installation = Installation.load(variables, env_file)
            urls = {name: f"{installation.url}/{name}" for name in SERVICES}
            issuer, kafka = installation.issuer, installation.kafka
        else:
            settings, installation = Settings.load(variables), None
            urls = {name: settings.url(name) for name in SERVICES}
            issuer, kafka = settings.url("issuer"), settings.kafka_servers
        kafka = variables.get("KAFKA_SERVERS") or kafka
        return cls(
            {name: variables.get(f"{name.upper()}_URL") or url for name, url in urls.items()},
            variables.get("ISSUER_URL") or issuer,
            kafka,
            installation,
            None if installation else _administrator(kafka, Settings.load(variables)),
        )

    def advice(self, service: str | None = None) -> str:
        """What to look at when something does not come; `service` is where it should have come from."""
        if self.is_compose:
            return (
                f"Kijk met `docker compose ps` wat draait, en met `docker compose logs {service or ''}`".rstrip() + "."
            )
        name = f" NAME={service}" if service else ""
        return f"Kijk met `make status` of alles draait, en met `make logs{name}` wat er misging."


def _administrator(servers: str, settings: Settings) -> Brokers | None:
    file = settings.kafka_passwords / ADMINISTRATOR
    return Brokers(servers, Login(ADMINISTRATOR, file.read_text)) if settings.secured else None
