"""`python -m deploy.keycloak apply [--dry-run]`: the clients of publishers and subscribers, as access.yaml declares them."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from deploy.keycloak.clients import REALM, apply
from shared.access import BadAccess, read_access
from shared.runtime.settings import NoSecret, secret
from shared.web.logins import Role

DECLARED = Path(__file__).parents[1] / "kafka" / "access.yaml"
ANSWER_WITHIN_S = 30.0


class KeycloakSettings(BaseSettings):
    """Where Keycloak's administration is, and the files with its password and those of the clients."""

    keycloak_url: str = "http://keycloak:8080/auth"
    keycloak_admin_password_file: Path
    client_password_dir: Path
    oidc_audience: str = "schuldhulpprojecten"

    def of_client(self, name: str) -> str:
        """A client's secret, from its file. Raises: NoSecret."""
        return secret(self.client_password_dir / name, "CLIENT_PASSWORD_DIR")


def wanted() -> dict[str, str]:
    """Each who is declared, and its role. Raises: BadAccess."""
    access = read_access(DECLARED)
    return {
        **dict.fromkeys(access.publishers, Role.PUBLISHER.value),
        **dict.fromkeys(access.subscribers, Role.SUBSCRIBER.value),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Ends with one sentence when an operator has to do something."""
    parser = argparse.ArgumentParser(prog="python -m deploy.keycloak", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    applying = commands.add_parser("apply", help="make every change that is needed; again: it finds none")
    applying.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    dry_run = parser.parse_args(arguments).dry_run
    try:
        print(asyncio.run(_run(KeycloakSettings(), dry_run=dry_run)))
    except ValidationError as error:
        names = ", ".join(sorted({str(fault["loc"][0]).upper() for fault in error.errors()}))
        raise SystemExit(f"These settings are missing or wrong: {names}.") from None
    except (BadAccess, NoSecret) as error:
        raise SystemExit(str(error)) from None
    except httpx.HTTPStatusError as error:
        refused = f"{error.request.method} {error.request.url.path}: {error.response.status_code}"
        raise SystemExit(
            f"Keycloak refused ({refused}). Is what KEYCLOAK_ADMIN_PASSWORD_FILE says admin's password?"
        ) from None
    except httpx.HTTPError as error:
        raise SystemExit(f"Keycloak does not answer: {error or type(error).__name__}") from None


async def _run(settings: KeycloakSettings, *, dry_run: bool) -> str:
    """Prints each change; returns how many there were, in words. Raises: BadAccess, NoSecret, httpx.HTTPError."""
    password = secret(settings.keycloak_admin_password_file, "KEYCLOAK_ADMIN_PASSWORD_FILE")
    form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin", "password": password}
    async with httpx.AsyncClient(timeout=ANSWER_WITHIN_S, trust_env=False) as http:
        login = await http.post(f"{settings.keycloak_url}/realms/master/protocol/openid-connect/token", data=form)
        http.headers["Authorization"] = f"Bearer {login.raise_for_status().json()['access_token']}"
        http.base_url = httpx.URL(f"{settings.keycloak_url}/admin/realms/{REALM}/")
        count = 0
        async for change in apply(http, wanted(), settings.of_client, settings.oidc_audience, dry_run=dry_run):
            print(change)
            count += 1
    if not count:
        return "clients: nothing to change"
    return f"clients: {count} change{'' if count == 1 else 's'}{' would be made' if dry_run else ''}"


if __name__ == "__main__":
    main()
