"""Which faults, in which order: drawn from the seed alone, so that a run can be had again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from random import Random

from tests.chaos.faults import brokers, logs, network, postgres, restores, services
from tests.chaos.faults.fault import Draw, Fault

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.3, 1.5

SHARES: Mapping[Draw, float] = {
    **dict.fromkeys(network.NETWORK, 6.0),
    services.kill9_service: 8.0,
    services.stop_service: 4.0,
    services.rolling_restart: 0.5,
    services.sigstop_service: 3.0,
    services.rebalance: 4.0,
    services.clock_back: 4.0,
    services.relay_killed_after_confirm: 5.0,
    brokers.kill9_broker: 6.0,
    brokers.kill9_all_brokers: 1.0,
    brokers.restart_broker: 2.0,
    brokers.sigstop_broker: 2.0,
    postgres.kill9_postgres: 3.0,
    postgres.restart_postgres: 2.0,
    postgres.disk_full_postgres: 2.0,
    restores.owner_restored: 0.5,
    restores.listener_restored: 0.5,
    logs.log_tail_cut: 0.5,
}
"""How often a kind is drawn, once each has been; cheap ones more often than those that take the whole stage."""


def kind_of(draw: Draw) -> str:
    """The kind of fault that it draws."""
    return draw(Random(0)).kind


def chosen(kinds: Sequence[str]) -> Mapping[Draw, float]:
    """The shares of these kinds alone. Raises: ValueError, naming a kind that there is not."""
    known = {kind_of(draw): draw for draw in SHARES}
    if unknown := sorted(set(kinds) - set(known)):
        raise ValueError(f"There is no fault {', '.join(unknown)}. Choose from: {', '.join(sorted(known))}.")
    return {known[kind]: SHARES[known[kind]] for kind in kinds}


def faults(seed: int, shares: Mapping[Draw, float] = SHARES) -> Iterator[tuple[Fault, float]]:
    """Faults without end, each with the seconds to wait after it has begun: first one of every kind, then as the shares say."""
    dice = Random(f"{seed}/kinds")
    draws, weights = list(shares), list(shares.values())
    first = dice.sample(draws, len(draws))
    for nth in count():
        draw = first[nth] if nth < len(first) else dice.choices(draws, weights)[0]
        own = Random(f"{seed}/{nth}")
        yield draw(own), own.uniform(SHORTEST_PAUSE_S, LONGEST_PAUSE_S)
