"""All that runs on one machine: Postgres, Kafka, the development issuer and the services."""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from deploy.local import passwords, variables
from deploy.local.disk import require_space
from deploy.local.errors import RunnerError
from deploy.local.kafka import Kafka
from deploy.local.ports import HOST, require_free
from deploy.local.postgres import Postgres
from deploy.local.processes import Daemon
from deploy.local.programs import Program
from deploy.local.settings import ROLES, ROOT, SERVICES, Settings

NEEDED_BYTES = 300_000_000
SETUP = ("deploy.setup",)
ACCESS = ("deploy.access", "apply", "--make-passwords")
"""Users and rights in Kafka, where it asks who somebody is."""


class Part(Protocol):
    """Something that the stack starts and stops."""

    @property
    def port(self) -> int: ...
    @property
    def daemon(self) -> Daemon: ...
    def begin(self) -> bool: ...
    def wait(self, seconds: float = ...) -> None: ...
    def ready(self) -> bool: ...
    def stop(self) -> bool: ...


@dataclass(frozen=True)
class State:
    """How one part is: `pid` is None when it does not run."""

    name: str
    address: str
    pid: int | None
    ready: bool
    log: Path


def our_programs(settings: Settings) -> list[Program]:
    """Return the issuer and the four services."""
    folder = settings.data / "programs"
    issuer = Program(
        "issuer",
        ("deploy.issuer", "serve"),
        settings.port("issuer"),
        variables.for_issuer(settings),
        folder,
        ROOT,
    )
    services = [
        Program(
            name,
            (f"services.{name}", "serve"),
            settings.port(name),
            variables.for_service(settings, name),
            folder,
            ROOT,
        )
        for name in SERVICES
    ]
    return [issuer, *services]


@dataclass
class Stack:
    """The platform of one data folder. `report` hears each step; `programs` and `setup` can be others in tests."""

    settings: Settings
    report: Callable[[str], None] = print
    programs: Sequence[Program] = ()
    setup: Sequence[str] = SETUP
    postgres: Postgres = field(init=False)
    kafka: Kafka = field(init=False)

    def __post_init__(self) -> None:
        data = self.settings.data
        port = self.settings.port
        self.postgres = Postgres(data / "postgres", port("postgres"))
        self.kafka = Kafka(
            data / "kafka",
            port("kafka"),
            port("kafka-controller"),
            cache=self.settings.cache,
            passwords=self.settings.kafka_passwords if self.settings.secured else None,
        )

    def parts(self) -> list[Part]:
        """Return everything in the order in which it starts."""
        return [self.postgres, self.kafka, *self.programs]

    def up(self) -> None:
        """Start what does not run, set up what was started, and return when all is ready.

        Raises RunnerError, with the end of a log where there is one; what runs by then is left running.
        """
        with self._alone():
            self._claim()
            for part in self.parts():
                if part.daemon.process() is None:
                    require_free(part.port, part.daemon.name)
            self._start([self.postgres, self.kafka])
            if any(program.daemon.process() is None for program in self.programs):
                self._set_up()
            self._start(self.programs)

    def down(self) -> None:
        """Stop everything in reverse order; what does not end in time is killed."""
        if not self.settings.data.exists():
            return
        with self._alone():
            for part in reversed(self.parts()):
                if part.stop():
                    self.report(f"stopped {part.daemon.name}")

    def clean(self) -> None:
        """Stop everything and remove the data. Raises RunnerError when the folder is not one of ours."""
        data = self.settings.data
        if not data.exists():
            self.report(f"Nothing to remove: {data} does not exist.")
            return
        if not self._marker.exists():
            raise RunnerError(f"{data} was not made by `make up`: remove it yourself if nothing in it is needed.")
        self.down()
        shutil.rmtree(data)
        self.report(f"Removed {data}: all data of Postgres and Kafka, passwords, keys and logs.")

    def states(self) -> list[State]:
        """Return how each part is. Raises RunnerError when what runs here runs on other ports."""
        self._refuse_other_ports()
        return [self._state(part) for part in self.parts()]

    @property
    def _marker(self) -> Path:
        return self.settings.data / "port-base"

    def _claim(self) -> None:
        """Take the data folder for these ports."""
        self._refuse_other_ports()
        require_space(self.settings.data, NEEDED_BYTES)
        self._marker.write_text(str(self.settings.port_base))

    def _refuse_other_ports(self) -> None:
        running = any(part.daemon.process() for part in self.parts())
        if running and self._marker.exists() and self._marker.read_text() != str(self.settings.port_base):
            raise RunnerError(
                f"The platform in {self.settings.data} runs with PORT_BASE={self._marker.read_text()}: say so, "
                f"or run `make down` first, or choose another DATA_DIR for a second one."
            )

    def _start(self, parts: Sequence[Part]) -> None:
        begun = self._begin(parts)
        for part in parts:
            if part in begun or not part.ready():
                self.report(f"waiting for {part.daemon.name} ...")
            part.wait()

    def _begin(self, parts: Sequence[Part]) -> list[Part]:
        """Begin what does not run. What cannot even begin (no jars, no port, no space) leaves none of them half up."""
        begun: list[Part] = []
        try:
            begun.extend(part for part in parts if part.begin())
        except (RunnerError, OSError):
            for part in reversed(begun):
                part.stop()
            raise
        return begun

    def _set_up(self) -> None:
        """Run the set-up, which may be repeated: database roles, topics, migrations, reference data."""
        self.report("setting up database, topics and reference data ...")
        passwords.ensure(self.settings.passwords, ROLES)
        for module in (self.setup, ACCESS) if self.settings.secured else (self.setup,):
            command = [sys.executable, "-m", *module]
            done = subprocess.run(command, check=False, env=variables.for_setup(self.settings), cwd=ROOT)
            if done.returncode != 0:
                raise RunnerError("The set-up failed, see above: mend the cause and run `make up` again.")

    def _state(self, part: Part) -> State:
        process, name = part.daemon.process(), part.daemon.name
        address = f"{HOST}:{part.port}" if part in (self.postgres, self.kafka) else f"http://{HOST}:{part.port}"
        ready = process is not None and part.ready()
        return State(name, address, process.pid if process else None, ready, part.daemon.log_file)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let only one command at a time change this data folder."""
        self.settings.data.mkdir(parents=True, exist_ok=True)
        with (self.settings.data / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.report("waiting for another command that starts or stops this copy ...")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
