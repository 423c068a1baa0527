"""Detached processes that are found again by their pid file."""

import contextlib
import ctypes
import json
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from deploy.local import accounts, disk
from deploy.local.accounts import Account
from deploy.local.errors import RunnerError

POLL_SECONDS = 0.02
LOG_BYTES = 20_000_000  # a longer log is set aside at the next start


@dataclass
class Daemon:
    """A process in a session of its own, known by `<folder>/<name>.pid`; its output goes to `<folder>/<name>.log`.

    The pid file holds the time at which the process started too: a pid that was given to another process since
    is never taken for ours, and never signalled.
    """

    name: str
    folder: Path
    stop_signal: signal.Signals = signal.SIGTERM
    _child: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def log_file(self) -> Path:
        """Where the process writes what it has to say."""
        return self.folder / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        """Where its pid and start time are kept."""
        return self.folder / f"{self.name}.pid"

    def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        account: Account | None = None,
        workplace: Path | None = None,
        with_parent: bool = False,
    ) -> None:
        """Start `command` in the folder `workplace`, under `account` if one is given.

        `with_parent` ends it when the thread that started it dies (Linux only).
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        with self.log_file.open("ab") as log:
            log_start = log.tell()
            self._child = subprocess.Popen(
                command,
                env=None if environment is None else dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=workplace,
                start_new_session=True,
                **accounts.switch(account),
                preexec_fn=self._end_with_parent if with_parent else None,  # noqa: PLW1509 -- one C call, no Python locks
            )
        self._remember(psutil.Process(self._child.pid), log_start)

    def process(self) -> psutil.Process | None:
        """Return the process while it runs, else None."""
        process = self._running()
        if process is None and self._child is not None:
            self._child.poll()  # collected, or it would be there until we end ourselves
        return process

    def _running(self) -> psutil.Process | None:
        try:
            known = self._known()
            process = psutil.Process(known["pid"])
            same = abs(_since_boot(process) - known["since_boot"]) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except (KeyError, psutil.Error):
            return None
        return process if same else None

    def stop(self, seconds: float = 20) -> bool:
        """Ask the process to end and kill it when it has not within `seconds`; tell whether it was running."""
        process = self.process()
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(self.stop_signal)
            if not self._gone_within(process, seconds):
                self.kill()
        self.pid_file.unlink(missing_ok=True)
        return process is not None

    def kill(self) -> None:
        """End the process and its children as a power cut would; the pid file stays behind."""
        process = self.process()
        if process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            family = [process, *process.children(recursive=True)]
            for member in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
            for member in family:
                self._gone_within(member, 10)

    def said(self) -> str:
        """Return what it wrote to its log since its last start."""
        with self.log_file.open("rb") as log:
            log.seek(self._known().get("log", 0))
            return log.read().decode(errors="replace")

    def last_lines(self, count: int = 15) -> str:
        """Return the end of the log."""
        try:
            return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-count:])
        except OSError:
            return ""

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Return once `ready()`; raise RunnerError, with the end of the log, when the process dies or is late."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process() is None:
                trouble = f"{self.name} stopped while it started; {self._end_of_log()}"
                raise RunnerError(disk.reason(self.said(), trouble))
            if time.monotonic() > deadline:
                raise RunnerError(f"{self.name} was not ready within {seconds:.0f} s; {self._end_of_log()}")
            time.sleep(POLL_SECONDS)

    def _end_of_log(self) -> str:
        return f"its log {self.log_file} ends so:\n{self.last_lines()}"

    def _known(self) -> dict[str, Any]:
        """Return what the pid file holds; nothing when it is missing or broken."""
        try:
            known = json.loads(self.pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _remember(self, process: psutil.Process, log_start: int) -> None:
        draft = self.pid_file.with_suffix(".pid.new")
        draft.write_text(json.dumps({"pid": process.pid, "since_boot": _since_boot(process), "log": log_start}))
        draft.replace(self.pid_file)

    def _gone_within(self, process: psutil.Process, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._is_gone(process):
                return True
            time.sleep(POLL_SECONDS)
        return False

    def _is_gone(self, process: psutil.Process) -> bool:
        if self._child is not None and self._child.pid == process.pid:
            return self._child.poll() is not None  # collects it
        try:
            return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    def _end_with_parent(self) -> None:
        parent_death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(parent_death_signal, self.stop_signal)


def _since_boot(process: psutil.Process) -> float:
    """When it began, in seconds since the machine did: the time of day moves whenever somebody sets the clock."""
    return process.create_time() - psutil.boot_time()
