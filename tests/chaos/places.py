"""Where everything of a cluster listens: fixed ports in a row, below those that the system gives to connections."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deploy.local.kafka import Voter
from deploy.local.ports import HOST
from deploy.local.settings import SERVICES, Settings
from tests.ports import free_base

NODES = (1, 2, 3)
MOST_REPLICAS = 4
LONGEST = 300
"""How many ports a cluster takes at most, the runner's own included."""


@dataclass(frozen=True)
class Places:
    """The ports and folders of one cluster.

    Brokers offer each service a listener of its own, whose address is that of a proxy: so one service alone can be cut off.
    What the run itself asks of Kafka and Postgres goes straight.
    """

    settings: Settings

    @classmethod
    def free(cls, folder: Path) -> Places:
        """Some that nobody uses, with everything in this folder."""
        return cls(Settings(data=folder, port_base=free_base(range(LONGEST)), log_level="INFO"))

    @property
    def folder(self) -> Path:
        """Where data and logs are."""
        return self.settings.data

    def broker(self, node: int) -> int:
        """Its port for other brokers and for the run."""
        return self._at(100, 10 * node)

    def controller(self, node: int) -> int:
        """Its port for the quorum."""
        return self._at(100, 10 * node + 9)

    def listener(self, node: int, service: str) -> int:
        """Its port for one service."""
        return self._at(100, 10 * node + 1 + SERVICES.index(service))

    def kafka_path(self, node: int, service: str) -> int:
        """The port at which this service is told to find this broker."""
        return self._at(140, 10 * node + SERVICES.index(service))

    def postgres_path(self, service: str) -> int:
        """The port at which this service is told to find Postgres."""
        return self._at(180, SERVICES.index(service))

    def http(self, service: str, nth: int) -> int:
        """The port on which a replica listens."""
        return self._at(200, 20 * SERVICES.index(service) + nth)

    def http_path(self, service: str, nth: int) -> int:
        """The port at which clients are told to find this replica."""
        return self._at(210, 20 * SERVICES.index(service) + nth)

    @property
    def voters(self) -> tuple[Voter, ...]:
        """The quorum."""
        return tuple(Voter(node, self.controller(node)) for node in NODES)

    @property
    def kafka(self) -> str:
        """Kafka's addresses for the run itself, past all proxies."""
        return ",".join(f"{HOST}:{self.broker(node)}" for node in NODES)

    def kafka_of(self, service: str) -> str:
        """Kafka's addresses as this service is told them."""
        return ",".join(f"{HOST}:{self.kafka_path(node, service)}" for node in NODES)

    def listeners(self, node: int) -> dict[str, str]:
        """A broker's settings: where it listens, and what it tells whom."""
        inner = {"PLAINTEXT": f"{HOST}:{self.broker(node)}"}
        served = {name.upper(): f"{HOST}:{self.listener(node, name)}" for name in SERVICES}
        told = {name.upper(): f"{HOST}:{self.kafka_path(node, name)}" for name in SERVICES}
        controller = {"CONTROLLER": f"{HOST}:{self.controller(node)}"}
        names = [*inner, *served, *controller]
        return {
            "listeners": _listed({**inner, **served, **controller}),
            "advertised.listeners": _listed({**inner, **told}),
            "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in names),
            "inter.broker.listener.name": "PLAINTEXT",
        }

    def _at(self, block: int, offset: int) -> int:
        return self.settings.port_base + block + offset


def _listed(addresses: dict[str, str]) -> str:
    return ",".join(f"{name}://{address}" for name, address in addresses.items())
