"""`python -m deploy.issuer serve` runs the development issuer; `... token ROLE...` asks it for a token and prints that."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import uvicorn

from deploy.issuer.app import issuer_app
from deploy.issuer.keys import load_or_make
from deploy.issuer.tokens import Issuer, NotAsked, Wanted
from shared.clock import system_clock
from shared.web.logins import ROLES

AUDIENCE = "schuldhulpprojecten"
PORT_BASE = 8100
OFFSET = 9
"""The issuer's place in the row of ports that the local runner uses."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code; what is wrong stands on the error output, in one sentence."""
    parser = argparse.ArgumentParser(prog="python -m deploy.issuer", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="run the issuer; it refuses unless ENVIRONMENT is development")
    asking = commands.add_parser(
        "token", help="print a token; GEMEENTE, ORGANISATION, CLIENT and SUBJECT are environment variables"
    )
    asking.add_argument("roles", nargs="*", metavar="ROLE", help=", ".join(ROLES))
    asked = parser.parse_args(arguments)
    try:
        if asked.command == "serve":
            serve()
        else:
            print(token(asked.roles))
    except (ValueError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def serve() -> None:
    """Runs until it is told to stop.

    Raises: NotAsked, outside development; OSError, when the data folder cannot be used.
    """
    if os.environ.get("ENVIRONMENT") != "development":
        raise NotAsked("The development issuer gives anyone any role, so it runs only with ENVIRONMENT=development.")
    if not (folder := os.environ.get("ISSUER_DATA_DIR")):
        raise NotAsked("Set ISSUER_DATA_DIR to the folder in which the issuer keeps its key.")
    host, port = os.environ.get("HTTP_HOST", "127.0.0.1"), int(os.environ.get("HTTP_PORT", _port()))
    issuer = Issuer(_address(), os.environ.get("OIDC_AUDIENCE", AUDIENCE), load_or_make(Path(folder)), system_clock)
    print(f"development issuer {issuer.address} on {host}:{port}", flush=True)
    uvicorn.run(issuer_app(issuer), host=host, port=port, log_level="warning", access_log=False)


def token(roles: Sequence[str]) -> str:
    """A token of the running issuer.

    Raises: NotAsked.
    """
    variables = {name: os.environ.get(name.upper(), "") for name in ("subject", "gemeente", "organisation", "client")}
    form: dict[str, list[str]] = {"role": list(roles), **{name: [value] for name, value in variables.items()}}
    Wanted.of(form)  # what is wrong can be said without the issuer
    try:
        answer = httpx.post(f"{_address()}/token", data=form, timeout=10).raise_for_status().json()
        return str(answer["access_token"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError):
        raise NotAsked(f"No development issuer answers at {_address()}: start it with `make up`.") from None


def _port() -> str:
    return str(int(os.environ.get("PORT_BASE") or PORT_BASE) + OFFSET)


def _address() -> str:
    return (os.environ.get("OIDC_ISSUER") or f"http://127.0.0.1:{_port()}").rstrip("/")


if __name__ == "__main__":
    raise SystemExit(main())
