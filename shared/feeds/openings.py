"""How many may wait or follow at once: in all, and for each client, so that nobody takes all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from starlette.requests import Request

from shared.web.problems import Problem

TRY_AGAIN_AFTER_S = 30


@dataclass(frozen=True, slots=True)
class Limits:
    """What readers who stay may take. A client is an address, or the system or person behind a token."""

    most: int = 1_000
    per_client: int = 20
    heartbeat_seconds: float = 15.0
    patience_seconds: float = 30.0
    """How long a reader may take nothing before it is told to come back."""


class Openings:
    """Who waits and follows here at this moment."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._of: Counter[str] = Counter()

    @property
    def open(self) -> int:
        """How many there are."""
        return self._of.total()

    @contextmanager
    def taken(self, client: str) -> Iterator[None]:
        """For as long as this client waits or follows.

        Raises: Problem 429, when it has all that one client may have; 503, when everything is taken.
        """
        if self._of[client] >= self.limits.per_client:
            raise _full(
                429, f"U heeft er al {self.limits.per_client} open. Sluit er één, of volg alles in één verbinding."
            )
        if self._of.total() >= self.limits.most:
            raise _full(503, "Er zijn nu te veel lezers. Probeer het straks opnieuw, of vraag /v1/feed zonder wait.")
        self._of[client] += 1
        try:
            yield
        finally:
            self._of[client] -= 1
            if not self._of[client]:
                del self._of[client]


def client_of(request: Request) -> str:
    """Who reads: the system or person behind a token; else the address that the connection, or our own proxy, tells.

    A network gives whoever is in it a whole /64 of IPv6 addresses: that counts as one.
    """
    if caller := request.state.caller:
        return f"caller {caller.client or caller.person}"
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return f"{int(address) >> 64:x}::" if isinstance(address, IPv6Address) else host


def _full(status: int, detail: str) -> Problem:
    return Problem(
        status,
        "too-many-readers",
        "Te veel lezers tegelijk",
        detail,
        headers={"Retry-After": str(TRY_AGAIN_AFTER_S)},
    )
