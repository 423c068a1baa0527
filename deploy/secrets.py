"""`python3 -m deploy.secrets FOLDER [NAME ...]` makes the secrets of docker compose that are not there yet: a file each.

Needs nothing installed. A NAME is one more, such as kafka/new-partner. What is there is never changed. Only its owner can enter
the folder; what is in it can be read by all, as each container has a user of its own.
"""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

EXAMPLES = Path(__file__).with_name("secrets.example")
BYTES = 24


def main(arguments: Sequence[str] | None = None) -> None:
    """Ends with one sentence when the folder cannot be used."""
    parser = argparse.ArgumentParser(prog="python3 -m deploy.secrets", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    asked = parser.parse_args(arguments)
    try:
        made = make(asked.folder, [*needed(), *asked.names])
    except OSError as error:
        raise SystemExit(f"{error.filename}: {error.strerror}.") from None
    print(f"{asked.folder}: {len(made)} made" + (f": {', '.join(made)}" if made else "; all are there"))


def needed() -> list[str]:
    """The names that docker compose asks for, as paths within the folder."""
    return sorted(file.relative_to(EXAMPLES).as_posix() for file in EXAMPLES.rglob("*") if file.is_file())


def make(folder: Path, names: Iterable[str]) -> list[str]:
    """Writes a random one in each file that is not there, and returns their names. Raises: OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = []
    for name in names:
        file = folder / name
        if file.exists():
            continue
        file.parent.mkdir(mode=0o755, exist_ok=True)
        with file.open("x", encoding="ascii") as opened:
            opened.write(secrets.token_urlsafe(BYTES) + "\n")
        file.chmod(0o644)
        made.append(name)
    return made


if __name__ == "__main__":
    main()
