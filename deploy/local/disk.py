"""The disk on which the data lies."""

import shutil
from pathlib import Path

from deploy.local.errors import RunnerError

FULL = "The disk is full: free some space and run the command again, or set DATA_DIR and CACHE_DIR to another disk."
_SIGNS = ("No space left on device", "Check free disk space")


def reason(output: str, otherwise: str) -> str:
    """Return FULL when a program's `output` says so, else the reason that was thought of."""
    return FULL if any(sign in output for sign in _SIGNS) else otherwise


def require_space(folder: Path, needed_bytes: int) -> None:
    """Raise RunnerError when less than `needed_bytes` is free where `folder` lies."""
    if shutil.disk_usage(folder).free < needed_bytes:
        raise RunnerError(FULL)
