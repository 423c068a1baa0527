"""Where the platform is that the demo plays on: the local runner's ports, or those of docker compose."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.settings import ROOT, SERVICES, Settings

COMPOSE = "compose"
ENV_FILE = ROOT / ".env"
IN_COMPOSE = {"submission": 8101, "assessment": 8102, "matching": 8103, "impact": 8104, "issuer": 8109, "kafka": 8192}
"""What docker-compose.yml publishes where .env says nothing else."""


@dataclass(frozen=True, slots=True)
class Places:
    """The addresses of a platform: services by name, the development issuer, and Kafka as `host:port`."""

    services: Mapping[str, str]
    issuer: str
    kafka: str
    is_compose: bool = False

    @classmethod
    def load(cls, variables: Mapping[str, str] = os.environ, env_file: Path = ENV_FILE) -> Places:
        """As TARGET says; SUBMISSION_URL and its like, ISSUER_URL and KAFKA_SERVERS go before everything.

        Raises: RunnerError, when PORT_BASE is no port.
        """
        is_compose = variables.get("TARGET") == COMPOSE
        ports = _published({**_written(env_file), **variables}) if is_compose else _local(variables)
        return cls(
            {name: variables.get(f"{name.upper()}_URL") or _url(ports[name]) for name in SERVICES},
            variables.get("ISSUER_URL") or _url(ports["issuer"]),
            variables.get("KAFKA_SERVERS") or f"127.0.0.1:{ports['kafka']}",
            is_compose,
        )

    def advice(self, service: str | None = None) -> str:
        """What to look at when something does not come; `service` is where it should have come from."""
        if self.is_compose:
            return (
                f"Kijk met `docker compose ps` wat draait, en met `docker compose logs {service or ''}`".rstrip() + "."
            )
        name = f" NAME={service}" if service else ""
        return f"Kijk met `make status` of alles draait, en met `make logs{name}` wat er misging."


def _local(variables: Mapping[str, str]) -> dict[str, int]:
    settings = Settings.load(variables)
    return {name: settings.port(name) for name in IN_COMPOSE}


def _published(variables: Mapping[str, str]) -> dict[str, int]:
    return {name: int(variables.get(f"{name.upper()}_PORT") or port) for name, port in IN_COMPOSE.items()}


def _written(env_file: Path) -> dict[str, str]:
    """The settings in a .env file: NAME=value on each line."""
    if not env_file.exists():
        return {}
    lines = (line.strip() for line in env_file.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"
