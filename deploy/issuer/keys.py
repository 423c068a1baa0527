"""The issuer's key, made at the first start and readable by its owner alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

from joserfc.jwk import ECKey

FILE = "key.json"


def load_or_make(folder: Path) -> ECKey:
    """The key in this folder. Two that start at once end up with the same one.

    Raises: OSError, when the folder cannot be used; ValueError, when the file holds no key.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / FILE
    if not file.exists():
        _write(file, ECKey.generate_key("P-256"))
    return ECKey.import_key(json.loads(file.read_text(encoding="utf-8")))


def _write(file: Path, key: ECKey) -> None:
    """Writes it whole or not at all, and leaves what another has written."""
    draft = file.with_suffix(f".{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        json.dump(key.as_dict(private=True), opened)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
