"""`python -m deploy.certs FOLDER` checks the certificates for outsiders; in development it makes those that are not there.

PUBLIC_URL and KAFKA_HOST say for whom they must be, ENVIRONMENT whether any may be made.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from deploy.certs.folder import BadCertificates, Served, checked, ends_soon, is_empty, served
from deploy.certs.making import is_ours, make
from shared.clock import system_clock


def main(arguments: Sequence[str] | None = None, variables: Mapping[str, str] = os.environ) -> int:
    """Returns the exit code: 0 when there are certificates that can be used."""
    parser = argparse.ArgumentParser(prog="python -m deploy.certs", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args(arguments).folder
    host = urlsplit(variables.get("PUBLIC_URL", "")).hostname or "localhost"
    expected = served(host, variables.get("KAFKA_HOST") or "localhost")
    try:
        print(ensure(folder, expected, system_clock(), may_make=variables.get("ENVIRONMENT") == "development"))
    except BadCertificates as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def ensure(folder: Path, expected: Sequence[Served], now: datetime, *, may_make: bool) -> str:
    """Certificates that can be used, and what was done for it in a sentence. Only what we made is ever made anew.

    Raises: BadCertificates.
    """
    made = may_make and _made_if_needed(folder, expected, now)
    until = checked(folder, expected, now)
    warning = " That is soon: put new ones there, and start Kafka and the proxy again." if ends_soon(until, now) else ""
    how = "made, for development only" if made else "there"
    return f"certificates in {folder}: {how}, until {until:%Y-%m-%d}.{warning}"


def _made_if_needed(folder: Path, expected: Sequence[Served], now: datetime) -> bool:
    """Makes them when there are none, or only our own that do not do (any more). Raises: BadCertificates."""
    try:
        if not (is_empty(folder) or (is_ours(folder) and _are_done_with(folder, expected, now))):
            return False
        folder.mkdir(parents=True, exist_ok=True)
        make(folder, expected, now)
    except OSError as error:
        raise BadCertificates(f"{error.filename or folder} cannot be read or written ({error.strerror}).") from None
    return True


def _are_done_with(folder: Path, expected: Sequence[Served], now: datetime) -> bool:
    try:
        return ends_soon(checked(folder, expected, now), now)
    except BadCertificates:
        return True


if __name__ == "__main__":
    raise SystemExit(main())
