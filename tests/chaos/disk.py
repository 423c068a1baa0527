"""A small file system for Postgres, that can be full."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

SIZE_MB = 800
PIECE = 1_000_000


@dataclass
class Disk:
    """A tmpfs in `folder`. `refused` says why there is none: then the folder lies on the machine's own disk."""

    folder: Path
    refused: str = ""
    mounted: bool = False

    def mount(self) -> None:
        """Mounts it where that is allowed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=0755", "chaos", str(self.folder)]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True)
        except OSError as error:
            self.refused = f"mount: {error.strerror}"
            return
        self.mounted = done.returncode == 0
        self.refused = "" if self.mounted else f"mount of a tmpfs: {done.stderr.strip()}"

    @property
    def ballast(self) -> Path:
        """The file that takes what is left."""
        return self.folder / "ballast"

    def fill(self, left: int = 0) -> None:
        """Takes all that is free, but for `left` bytes."""
        free = os.statvfs(self.folder).f_bavail * os.statvfs(self.folder).f_frsize
        with self.ballast.open("wb") as ballast:
            for _ in range(max(0, free - left) // PIECE):
                ballast.write(b"\0" * PIECE)

    def empty(self) -> None:
        """Gives it back."""
        self.ballast.unlink(missing_ok=True)

    def unmount(self) -> None:
        """Lets go of it, and of all that is in it."""
        if self.mounted:
            subprocess.run(["umount", str(self.folder)], check=False)
            self.mounted = False
