"""`python -m tests.chaos.replica SERVICE`: a replica as in production, with a clock and a moment of death that a file sets.

CHAOS_CLOCK_FILE holds seconds that are added to the time; when CHAOS_DEATH_FILE is there, the relay's next confirmation by
the broker is the last thing that this process hears: it dies before it can write it down, and the file is gone.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from aiokafka.structs import RecordMetadata

from deploy.setup import declared
from shared.clock import Clock, system_clock
from shared.messaging.producer import Outgoing, Producer
from shared.runtime.asking import settings_from_environment
from shared.runtime.logs import start_logging
from shared.runtime.looping import run_on_uvloop
from shared.runtime.running import serve

log = logging.getLogger(__name__)
CLOCK_FILE, DEATH_FILE = "CHAOS_CLOCK_FILE", "CHAOS_DEATH_FILE"
PARENT_DEATH = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


def clock_set_by(file: Path) -> Clock:
    """The time, plus as many seconds as stand in the file."""

    def now() -> datetime:
        try:
            offset = float(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            offset = 0.0
        return system_clock() + timedelta(seconds=offset)

    return now


def die_after_confirmation(when: Path) -> None:
    """Lets the process die when the broker has confirmed something, and the relay has not yet heard of it."""
    send = Producer.send

    async def deadly(self: Producer, records: Sequence[Outgoing]) -> list[RecordMetadata | BaseException]:
        answers = await send(self, records)
        if when.exists() and not all(isinstance(answer, BaseException) for answer in answers):
            when.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return answers

    Producer.send = deadly  # type: ignore[method-assign] # the fault is put around the code, not into it


def end_with_parent() -> None:
    """Whoever ends the run ends its replicas too (Linux only)."""
    ctypes.CDLL(None).prctl(PARENT_DEATH, signal.SIGKILL)


def main(name: str) -> int:
    """Runs until it is told to stop; returns the exit code."""
    end_with_parent()
    settings = settings_from_environment()
    start_logging(name, settings.log_level)
    die_after_confirmation(Path(os.environ[DEATH_FILE]))
    try:
        run_on_uvloop(serve(declared(name), settings, clock_set_by(Path(os.environ[CLOCK_FILE]))))
    except asyncio.CancelledError:
        log.info("%s was stopped before it had started", name)
    except Exception as error:
        log.critical("%s stops: %s: %s", name, type(error).__name__, error, exc_info=error)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
