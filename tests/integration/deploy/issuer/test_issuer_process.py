"""`python -m deploy.issuer`, as the runner and an operator use it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shared.clock import system_clock
from shared.web.discovery import IssuerAddress
from shared.web.logins import Role
from shared.web.tokens import Verifier
from tests.ports import free_port

COMMAND = [sys.executable, "-m", "deploy.issuer"]
AUDIENCE = "schuldhulpprojecten"


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A running issuer, as the environment in which one finds it."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    found = {**os.environ, "OIDC_ISSUER": address}
    own = {"ENVIRONMENT": "development", "HTTP_PORT": str(port), "ISSUER_DATA_DIR": str(tmp_path)}
    with subprocess.Popen([*COMMAND, "serve"], env={**found, **own}, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until_ready(address, process)
            yield found
        finally:
            process.terminate()


def wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{address}/health/ready").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the issuer did not become ready")


def ask(issuer: dict[str, str], *roles: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "token", *roles],
        env={**issuer, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


async def test_the_command_prints_a_token_that_holds_and_nothing_else(issuer: dict[str, str]) -> None:
    printed = ask(issuer, "gemeente", "submitter", GEMEENTE="GM0518", SUBJECT="iemand")
    assert (printed.returncode, printed.stderr) == (0, "")
    address = issuer["OIDC_ISSUER"]
    async with httpx.AsyncClient() as http:
        verifier = Verifier(IssuerAddress(address, f"{address}/jwks"), AUDIENCE, http, system_clock)
        login = await verifier.login_of(printed.stdout.removesuffix("\n"))
    assert (login.subject, login.gemeente) == ("iemand", "GM0518")
    assert login.roles == {Role.GEMEENTE, Role.SUBMITTER}


def test_a_role_that_needs_more_is_told_what(issuer: dict[str, str]) -> None:
    refused = ask(issuer, "gemeente")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "The role gemeente needs a gemeente, for example GEMEENTE=GM0518.\n"
