import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deploy.local.errors import RunnerError
from deploy.local.processes import LOG_BYTES, Daemon
from deploy.local.settings import ROOT

SLEEP = ["sleep", "600"]
LONG_S = 60


def test_a_pid_that_was_given_to_another_program_is_left_alone(folder: Path) -> None:
    other = psutil.Process()
    daemon = Daemon("sleeper", folder)
    daemon.pid_file.write_text(
        json.dumps({"pid": other.pid, "since_boot": other.create_time() - psutil.boot_time() - 3600})
    )
    assert daemon.process() is None
    daemon.kill()
    assert daemon.stop() is False
    assert other.is_running()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 4194305, "since_boot": 0}'])
def test_a_pid_file_that_says_nothing_useful_means_that_it_does_not_run(folder: Path, content: str) -> None:
    daemon = Daemon("sleeper", folder)
    daemon.pid_file.write_text(content)
    assert daemon.process() is None
    daemon.start(SLEEP)
    assert daemon.process() is not None
    assert daemon.stop() is True


def test_what_was_started_is_found_after_the_clock_was_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon, began, booted = Daemon("sleeper", folder), psutil.Process.create_time, psutil.boot_time()
    daemon.start(SLEEP)
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: began(process) + 60)
    monkeypatch.setattr(psutil, "boot_time", lambda: booted + 60)
    assert daemon.process() is not None
    assert daemon.stop() is True


def test_another_command_finds_what_was_started(folder: Path) -> None:
    started = Daemon("sleeper", folder)
    started.start(SLEEP)
    try:
        process = Daemon("sleeper", folder).process()
        assert process is not None
        assert started.process() == process
    finally:
        started.stop()


def test_what_does_not_hear_the_signal_is_killed_in_the_end(folder: Path) -> None:
    daemon = Daemon("deaf", folder)
    daemon.start(["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 600; done"])
    daemon.wait_until(lambda: "deaf" in daemon.said(), LONG_S)
    begun = time.monotonic()
    assert daemon.stop(seconds=0.2) is True
    assert time.monotonic() - begun < 15, "by itself it would have waited for 20"
    assert daemon.process() is None


def test_one_that_ends_is_not_waited_for(folder: Path) -> None:
    daemon = Daemon("short", folder)
    daemon.start(["sh", "-c", "echo the key is missing >&2; exit 3"])
    with pytest.raises(RunnerError, match=r"short stopped while it started(?s:.*)the key is missing"):
        daemon.wait_until(lambda: False, LONG_S)


def test_one_that_is_late_is_named_with_its_deadline(folder: Path) -> None:
    daemon = Daemon("late", folder)
    daemon.start(SLEEP)
    try:
        with pytest.raises(RunnerError, match=r"late was not ready within 0 s; its log .*late\.log"):
            daemon.wait_until(lambda: False, 0.1)
    finally:
        daemon.stop()


def test_a_log_that_grew_too_long_is_set_aside(folder: Path) -> None:
    daemon = Daemon("sleeper", folder)
    with daemon.log_file.open("wb") as log:
        log.truncate(LOG_BYTES + 1)
    daemon.start(["sh", "-c", "echo anew; exec sleep 600"])
    try:
        daemon.wait_until(lambda: daemon.said() == "anew\n", LONG_S)
        assert (folder / "sleeper.log.1").stat().st_size == LOG_BYTES + 1
    finally:
        daemon.stop()


def test_with_parent_it_does_not_outlive_who_started_it(folder: Path) -> None:
    start = "Daemon('child', Path(sys.argv[1])).start(['sleep', '600'], with_parent=True); os.kill(os.getpid(), 9)"
    imports = "import os, sys; from pathlib import Path; from deploy.local.processes import Daemon"
    subprocess.run([sys.executable, "-c", f"{imports}; {start}", str(folder)], check=False, cwd=ROOT)
    daemon = Daemon("child", folder)
    assert daemon.pid_file.exists()
    deadline = time.monotonic() + LONG_S
    while daemon.process() is not None:
        assert time.monotonic() < deadline, "the child lives on"
