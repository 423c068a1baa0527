"""Posts to addresses that others chose: one keep-alive pool, connected only to addresses that were checked.

What is checked is the address that the socket connects to, at the moment that it does: no name is looked up a second time.
No redirect is followed, no proxy, cookie or password of the environment is used, and of an answer 4 KB are read at most.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType
from yarl import URL

from shared.feeds.outbound_addresses import PORTS, Network, may_be_asked

TIMEOUT_SECONDS = 10.0
MOST_ANSWER_BYTES = 4_096
MOST_LOOKUPS = 64
"""Names that are looked up at once, each in a thread: a name server that does not answer holds one for seconds."""
NAME_KEPT_SECONDS = 60
CONNECTION_KEPT_SECONDS = 30.0


class Fault(StrEnum):
    """Why there was no answer."""

    FORBIDDEN = "adres-niet-toegestaan"
    NAME = "naam-onbekend"
    CONNECTION = "geen-verbinding"
    TLS = "certificaat"
    TIMEOUT = "te-laat"
    UNREADABLE = "onleesbaar-antwoord"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a post: a status, or the fault that there was none. `body` is what was read of it."""

    status: int | None
    fault: Fault | None
    seconds: float
    body: bytes = b""

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it: any 2xx. A redirect is a failure."""
        return self.status is not None and 200 <= self.status < 300


class ForbiddenAddress(OSError):
    """A name leads to an address that may not be asked. Which one it is stays here: it would show what is inside."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator lets be asked beside the public internet: its own networks, and http without TLS."""

    networks: tuple[Network, ...] = ()
    plain: bool = False
    ports: frozenset[int] = PORTS

    def check(self, address: str, port: int) -> None:
        """Raises: ForbiddenAddress."""
        if not may_be_asked(address, port, self.networks, self.ports):
            raise ForbiddenAddress("this address may not be asked")

    def fault_of(self, address: str) -> str | None:
        """What is wrong with this address, in Dutch; None when it may be tried. Its names are looked up when we connect."""
        try:
            url = URL(address)
            port = url.port
        except ValueError:
            return "Dit is geen webadres."
        if url.scheme not in ({"https", "http"} if self.plain else {"https"}) or not url.host or port is None:
            return "Geef een volledig adres dat begint met https://."
        if url.user is not None or url.password is not None or url.fragment:
            return "Zet geen naam, wachtwoord of # in het adres."
        if not self.networks and port not in self.ports:
            return f"Gebruik een van deze poorten: {', '.join(map(str, sorted(self.ports)))}."
        if _is_digits(url.host) and not may_be_asked(url.host, port, self.networks, self.ports):
            return "Dit adres ligt in een eigen netwerk. Gebruik een adres dat vanaf internet bereikbaar is."
        return None


def _is_digits(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class CheckedNames(AbstractResolver):
    """Looks names up in threads of its own. A name of which any address is forbidden is forbidden whole."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._threads = ThreadPoolExecutor(MOST_LOOKUPS, "webhook-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Its addresses. Raises: ForbiddenAddress, and OSError when there are none."""
        found = await asyncio.get_running_loop().run_in_executor(self._threads, self.look_up, host, port, family)
        for address, _ in found:
            self._allowed.check(address, port)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for address, kind in found
        ]

    def look_up(self, host: str, port: int, family: int) -> list[tuple[str, int]]:
        """What the system's name servers say: address and family. Raises: OSError."""
        found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        return [(str(where[0]), kind) for kind, _, _, _, where in found]

    async def close(self) -> None:
        """Whatever is still being looked up ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Outbound:
    """The only door to the outside: `async with Outbound(allowed) as outbound`. No post takes more than `seconds`."""

    def __init__(
        self, allowed: Allowed, *, names: AbstractResolver | None = None, seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._allowed = allowed
        self._names = names or CheckedNames(allowed)
        self.seconds = seconds
        self._fault_of = lru_cache(1_024)(allowed.fault_of)

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            resolver=self._names,
            ssl=ssl.create_default_context(),
            socket_factory=self._checked_socket,
            happy_eyeballs_delay=None,
            limit=0,
            ttl_dns_cache=NAME_KEPT_SECONDS,
            keepalive_timeout=CONNECTION_KEPT_SECONDS,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=self.seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=("Accept-Encoding",),
            headers={"User-Agent": "schuldhulpprojecten-webhooks/1", "Accept": "*/*"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await self._names.close()

    def _checked_socket(self, address: AddrInfoType) -> socket.socket:
        """Asked for each address that is about to be connected to; also for one that stood in the URL as digits."""
        family, kind, proto, _, where = address
        self._allowed.check(str(where[0]), int(where[1]))
        return socket.socket(family, kind, proto)

    async def post(self, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """What the receiver says to it. Never raises for anything that a receiver or a network does."""
        begun = time.monotonic()
        try:
            if self._fault_of(address):
                return Answer(None, Fault.FORBIDDEN, 0.0)
            async with self._session.post(URL(address), data=body, headers=headers, allow_redirects=False) as response:
                read = await _read(response)
                return Answer(response.status, None, time.monotonic() - begun, read)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(None, _fault(error), time.monotonic() - begun)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """At most 4 KB. Of whoever sends more the connection is closed."""
    read = bytearray()
    while len(read) <= MOST_ANSWER_BYTES:
        part = await response.content.read(MOST_ANSWER_BYTES + 1 - len(read))
        if not part:
            return bytes(read)
        read += part
    response.close()
    return bytes(read[:MOST_ANSWER_BYTES])


def _fault(error: BaseException) -> Fault:
    if isinstance(error, aiohttp.InvalidURL) or any(isinstance(cause, ForbiddenAddress) for cause in _causes(error)):
        return Fault.FORBIDDEN
    if isinstance(error, TimeoutError):
        return Fault.TIMEOUT
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Fault.NAME
    if isinstance(error, aiohttp.ClientSSLError):
        return Fault.TLS
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ServerDisconnectedError | OSError):
        return Fault.CONNECTION
    return Fault.UNREADABLE


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or getattr(error, "os_error", None)
