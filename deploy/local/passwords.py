"""Generated passwords, one file for each role."""

import secrets
from collections.abc import Iterable
from pathlib import Path


def ensure(folder: Path, roles: Iterable[str]) -> None:
    """Make a password for each role that has none yet; the files are readable by their owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for role in roles:
        if not (folder / role).exists():
            write(folder / role)


def write(file: Path) -> None:
    """Put a new password in `file`, which appears only when it is complete."""
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(24))
    draft.replace(file)
