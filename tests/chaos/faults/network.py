"""The network between one service and Kafka, Postgres or its clients: what is sent is lost, late, cut, or half there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from random import Random

from deploy.local.settings import SERVICES
from tests.chaos.cluster import Cluster
from tests.chaos.faults.fault import Draw, Fault, Notes
from tests.chaos.proxy import Path, Way

Harm = Callable[[Path], None]
WAYS: Sequence[tuple[str, Sequence[Way]]] = (
    ("both ways", tuple(Way)),
    ("what it asks", (Way.THERE,)),
    ("what it is answered", (Way.BACK,)),
)


@dataclass(frozen=True)
class _Cut:
    """Harm to every path between a service and a server. `resets`: when it is mended the connections do not survive."""

    server: str
    service: str
    harm: Harm
    resets: bool

    @asynccontextmanager
    async def during(self, cluster: Cluster, notes: Notes) -> AsyncIterator[None]:
        paths = cluster.paths_to(self.server, self.service)
        notes.add(f"{sum(path.connections for path in paths)} connections")
        for path in paths:
            self.harm(path)
        try:
            yield
        finally:
            for path in paths:
                if self.resets:
                    path.reset()
                path.heal()


def _fault(
    random: Random, server: str, manner: str, harm: Harm, words: str, *, longest: float, resets: bool = False
) -> Fault:
    service = random.choice(SERVICES)
    during = _Cut(server, service, harm, resets).during
    needs = frozenset({f"{server} of {service}"})
    return Fault(f"cut_{server}_{manner}", f"{service}: {words}", random.uniform(0.5, longest), needs, during)


def _dropped(server: str, random: Random) -> Fault:
    """A black hole. In half of them the connections do not survive it, so that answers are lost for good."""
    (words, ways), resets = random.choice(WAYS), random.random() < 0.5
    words = f"{words}, {'lost' if resets else 'arrives later'}"
    longest = random.choice([3.0, 14.0])
    return _fault(random, server, "drop", partial(Path.hold, ways=ways), words, longest=longest, resets=resets)


def _delayed(server: str, random: Random) -> Fault:
    seconds = random.choice([0.05, 0.3, 1.0]) * random.uniform(0.5, 1)
    return _fault(random, server, "delay", partial(Path.delay, seconds=seconds), f"{seconds:.2f} s late", longest=8)


def _cut(server: str, random: Random) -> Fault:
    return _fault(random, server, "cut", Path.cut, "reset and refused", longest=6)


def _split(server: str, random: Random) -> Fault:
    words, ways = random.choice(WAYS)
    return _fault(random, server, "mid_frame", partial(Path.split, ways=ways), f"half of {words}", longest=2)


NETWORK: Sequence[Draw] = tuple(
    partial(draw, server) for server in ("kafka", "postgres", "http") for draw in (_dropped, _delayed, _cut, _split)
)
"""Between a service and Kafka, Postgres and its clients: each of the four manners."""
