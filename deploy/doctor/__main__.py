"""`make doctor`: looks over what runs, a line for each thing, and ends with 1 when something is wrong (docs/operating.md).

It reads the environment of the set-up. SERVICES_AT says where the services of this machine answer (http://127.0.0.1:8100, whose
port is the one before the first service's); without it they are those of docker compose.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx
from pydantic import ValidationError

from deploy.certs.folder import BadCertificates, checked, ends_soon, served
from deploy.doctor.findings import IN_COMPOSE, ON_THIS_MACHINE, Finding, looked_over
from deploy.doctor.services import Services
from deploy.doctor.stores import Stores
from deploy.setup import SERVICES, SetupSettings
from shared.web.discovery import IssuerAddress

LEAST_FREE_BYTES = 1_000_000_000
EXAMPLE = "change-me"
BEFORE_FIRST_PORT = 8100


def main() -> int:
    """Returns the exit code: 0 when all is well."""
    logging.disable(logging.CRITICAL)  # what matters of what the clients say is told as a finding
    try:
        settings = SetupSettings()
    except ValidationError as error:
        names = ", ".join(sorted({str(fault["loc"][0]).upper() for fault in error.errors()}))
        print(Finding("settings", f"missing or wrong: {names}", "see .env.example"))
        return 1
    findings = asyncio.run(look_over(settings, os.environ))
    for finding in findings:
        print(finding)
    wrong = sum(1 for finding in findings if finding.wrong)
    print(f"\n{len(findings)} things looked at: {f'{wrong} wrong' if wrong else 'all is well'}")
    return 1 if wrong else 0


async def look_over(settings: SetupSettings, environment: Mapping[str, str]) -> list[Finding]:
    """Everything that can be looked at."""
    commands = ON_THIS_MACHINE if environment.get("SERVICES_AT") else IN_COMPOSE
    stores = Stores(settings, commands)
    async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
        services = Services(_addresses(environment), _issuer(environment), commands, http)
        return await looked_over(
            [
                ("secrets", lambda: secrets(settings, environment)),
                ("Postgres", stores.postgres),
                ("roles", stores.roles),
                ("Kafka", stores.kafka),
                ("services", services.health),
                ("what waits", services.waiting),
                ("issuer", services.keys),
                ("disk", lambda: disk(Path.cwd())),
                ("certificates", lambda: certificates(environment)),
            ]
        )


async def secrets(settings: SetupSettings, environment: Mapping[str, str]) -> AsyncIterator[Finding]:
    """That no secret is one of the examples, in production."""
    folder = settings.database_password_dir
    files = sorted(file for file in folder.iterdir() if file.is_file()) if folder.is_dir() else []
    examples = [file.name for file in files if EXAMPLE in file.read_text(encoding="utf-8", errors="replace")]
    is_wrong = examples and environment.get("ENVIRONMENT") == "production"
    wrong = f"{', '.join(examples)} still has the value of the example" if is_wrong else ""
    yield Finding(
        "every secret is one's own", wrong, "python -m deploy.secrets makes random ones; see docs/operating.md"
    )


async def disk(folder: Path) -> AsyncIterator[Finding]:
    """That there is room left where the installation keeps its files."""
    free = shutil.disk_usage(folder).free
    wrong = f"only {free // 1_000_000:,} MB are free" if free < LEAST_FREE_BYTES else ""
    yield Finding("there is room on the disk", wrong, "free some space, or move the data to a larger disk")


async def certificates(environment: Mapping[str, str]) -> AsyncIterator[Finding]:
    """That those in CERTS_FOLDER, if there are any, hold for a while."""
    if not (name := environment.get("CERTS_FOLDER")):
        return
    about, helps = "certificates hold for a while", "put new ones in CERTS_DIR, then docker compose restart proxy kafka"
    now = datetime.now(UTC)
    try:
        until = checked(
            Path(name),
            served(environment.get("PUBLIC_HOST", "localhost"), environment.get("KAFKA_HOST", "localhost")),
            now,
        )
        yield Finding(about, f"they end on {until:%Y-%m-%d}" if ends_soon(until, now) else "", helps)
    except BadCertificates as error:
        yield Finding(about, str(error), helps)


def _issuer(environment: Mapping[str, str]) -> IssuerAddress:
    jwks, discovery = environment.get("OIDC_JWKS_URL") or None, environment.get("OIDC_DISCOVERY_URL") or None
    return IssuerAddress(environment.get("OIDC_ISSUER", ""), jwks, discovery)


def _addresses(environment: Mapping[str, str]) -> dict[str, str]:
    """Where each service answers. In compose each is a host of its own."""
    host, _, before = environment.get("SERVICES_AT", "").rpartition(":")
    ports = {name: int(before or BEFORE_FIRST_PORT) + nth for nth, name in enumerate(SERVICES, 1)}
    return {name: f"{host or f'http://{name}'}:{port}" for name, port in ports.items()}


if __name__ == "__main__":
    sys.exit(main())
