"""Our own programs: the services and the issuer, each an HTTP server in a process of its own."""

import http.client
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.ports import HOST, require_free
from deploy.local.processes import Daemon


@dataclass
class Program:
    """A Python module that serves HTTP on `port` and tells at /health/ready whether it can do its work."""

    name: str
    arguments: Sequence[str]
    port: int
    environment: Mapping[str, str] = field(repr=False)
    folder: Path
    workplace: Path
    daemon: Daemon = field(init=False)

    def __post_init__(self) -> None:
        self.daemon = Daemon(self.name, self.folder)

    def begin(self) -> bool:
        """Start it without waiting; tell whether it was not running yet."""
        if self.daemon.process() is not None:
            return False
        require_free(self.port, self.name)
        command = [sys.executable, "-m", *self.arguments]
        self.daemon.start(command, self.environment, workplace=self.workplace)
        return True

    def wait(self, seconds: float = 60) -> None:
        """Return when it is ready; raise RunnerError when it ends or is late."""
        self.daemon.wait_until(self.ready, seconds)

    def ready(self) -> bool:
        """Tell whether it answers that it is ready."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)  # asks no proxy
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> bool:
        """Stop it in an orderly way; tell whether it was running."""
        return self.daemon.stop()
