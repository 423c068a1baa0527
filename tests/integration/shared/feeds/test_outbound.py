"""Can anybody make us ask what only we can reach, keep us busy, or fill our memory?"""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.feeds.outbound import MOST_ANSWER_BYTES, Allowed, Answer, CheckedNames, Fault, Outbound
from shared.feeds.outbound_addresses import networks
from tests.receivers import Receivers, receivers

LOCAL = Allowed(networks("127.0.0.1/32"), plain=True)
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def here() -> AsyncIterator[Receivers]:
    """A server that must not be reached, or may be."""
    async with receivers() as found:
        yield found


@asynccontextmanager
async def raw(talk: Raw) -> AsyncIterator[str]:
    """Something that listens and is no web server."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


class Names(CheckedNames):
    """A name server in somebody else's hands: each time it is asked it gives the next of these answers."""

    def __init__(self, allowed: Allowed, *answers: Sequence[str]) -> None:
        super().__init__(allowed)
        self.answers = list(answers)
        self.asked = 0

    def look_up(self, host: str, port: int, family: int) -> list[tuple[str, int]]:
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(one, socket.AF_INET6 if ":" in one else socket.AF_INET) for one in found]


class Unchecked(AbstractResolver):
    """One that checks nothing."""

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        return None


async def post(allowed: Allowed, address: str, names: AbstractResolver | None = None, seconds: float = 10) -> Answer:
    async with Outbound(allowed, names=names, seconds=seconds) as outbound:
        return await outbound.post(address, b'{"type": "x"}', {})


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0.0.0.0", "127.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_what_only_we_can_reach_is_not_asked_however_it_is_written(here: Receivers, host: str) -> None:
    receiver = here.at("a")
    answer = await post(Allowed(plain=True, ports=frozenset({here.port})), f"http://{host}:{here.port}/a")
    assert answer.fault in (Fault.FORBIDDEN, Fault.NAME, Fault.CONNECTION)
    assert receiver.got == []
    if host in ("127.0.0.1", "localhost", "[::1]"):
        assert answer.fault is Fault.FORBIDDEN


@pytest.mark.parametrize(
    "answer",
    [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"], ["64:ff9b::7f00:1"]],
)
async def test_a_name_of_which_any_address_lies_inside_is_not_asked(here: Receivers, answer: list[str]) -> None:
    receiver = here.at("a")
    allowed = Allowed(plain=True, ports=frozenset({here.port}))
    told = await post(allowed, f"http://vals.example:{here.port}/a", Names(allowed, answer))
    assert (told.fault, receiver.got) == (Fault.FORBIDDEN, [])


async def test_a_name_is_not_asked_at_its_good_address_when_another_one_is_bad(here: Receivers) -> None:
    receiver = here.at("a", host="half.example")
    answer = await post(LOCAL, receiver.address, Names(LOCAL, ["127.0.0.1", "10.0.0.1"]))
    assert (answer.fault, receiver.got) == (Fault.FORBIDDEN, [])


async def test_a_name_that_answers_otherwise_the_second_time_leads_nowhere(here: Receivers) -> None:
    receiver = here.at("a", host="wisselt.example")
    names = Names(LOCAL, ["127.0.0.1"], ["127.0.0.2"])
    answer = await post(LOCAL, receiver.address, names)
    assert (answer.status, names.asked) == (204, 1), "it connects to the address that it checked, without asking again"
    again = await post(LOCAL, receiver.address, Names(LOCAL, *names.answers))
    assert (again.fault, len(receiver.got)) == (Fault.FORBIDDEN, 1)


async def test_the_address_that_is_connected_to_is_checked_whoever_looked_it_up(here: Receivers) -> None:
    receiver = here.at("a", host="naam.example")
    answer = await post(Allowed(plain=True, ports=frozenset({here.port})), receiver.address, Unchecked())
    assert (answer.fault, receiver.got) == (Fault.FORBIDDEN, [])


async def test_a_redirect_leads_nowhere(here: Receivers) -> None:
    inside = here.at("binnen")
    to = web.Response(status=302, headers={"Location": inside.address})
    answer = await post(LOCAL, here.at("a", answers=lambda _: to).address)
    assert (answer.status, answer.is_taken, inside.got) == (302, False, [])


async def test_no_proxy_of_the_environment_is_used(here: Receivers, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert (await post(LOCAL, here.at("a").address)).status == 204


async def test_of_an_answer_no_more_than_four_kilobytes_are_read(here: Receivers) -> None:
    large = here.at("a", answers=lambda _: web.Response(status=200, body=b"x" * 20_000_000))
    answer = await post(LOCAL, large.address)
    assert (answer.status, len(answer.body)) == (200, MOST_ANSWER_BYTES)
    bomb = gzip.compress(b"\0" * 10_000_000)
    packed = here.at("b", answers=lambda _: web.Response(status=200, body=bomb, headers={"Content-Encoding": "gzip"}))
    assert (await post(LOCAL, packed.address)).body == bomb[:MOST_ANSWER_BYTES]


async def test_whoever_answers_drop_by_drop_gets_no_more_than_the_time_there_is() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with raw(drip) as address:
        begun = time.monotonic()
        answer = await post(LOCAL, address, seconds=0.5)
        assert (answer.status, answer.fault) == (None, Fault.TIMEOUT)
        assert time.monotonic() - begun < 60, "the drops would go on for more than an hour"


async def test_whatever_goes_wrong_is_an_answer_and_never_an_error() -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"\0\xff no web server\r\n\r\n")
        await writer.drain()

    async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async def endless_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * 1_000_000)
        await writer.drain()
        await reader.read()

    faults = []
    for talk in (garbage, hangs_up, endless_headers):
        async with raw(talk) as address:
            faults.append((await post(LOCAL, address)).fault)
    assert faults == [Fault.UNREADABLE, Fault.CONNECTION, Fault.UNREADABLE]
    assert (await post(LOCAL, "http://127.0.0.1:1/")).fault is Fault.CONNECTION
    assert (await post(LOCAL, "http://bestaat-niet.invalid/")).fault is Fault.NAME
    for odd in ("", "x", "https://", "http://[", "http://127.0.0.1:99999/"):
        assert (await post(LOCAL, odd)).fault is Fault.FORBIDDEN


async def test_messages_go_over_one_connection_that_stays_open(here: Receivers) -> None:
    ports = set()

    async def noting(request: web.Request) -> web.Response:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername")[1])
        return await here.known["a"].handle(request)

    app = web.Application()
    app.router.add_post("/a", noting)
    receiver = here.at("a")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/a"
    async with Outbound(LOCAL) as outbound:
        for _ in range(5):
            assert (await outbound.post(address, b'{"type": "x"}', {})).is_taken
    await runner.cleanup()
    assert (len(receiver.got), len(ports)) == (5, 1)


async def test_a_certificate_must_be_of_that_name_and_of_somebody_who_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = _certificate(tmp_path, "goed.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    app = web.Application()

    async def taken(_: web.Request) -> web.Response:
        return web.Response(status=204)

    app.router.add_post("/", taken)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    port = runner.addresses[0][1]
    strict = Allowed(networks("127.0.0.1/32"))
    assert (await post(strict, f"https://goed.example:{port}/", Names(strict, ["127.0.0.1"]))).fault is Fault.TLS
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert (await post(strict, f"https://goed.example:{port}/", Names(strict, ["127.0.0.1"]))).status == 204
    assert (await post(strict, f"https://fout.example:{port}/", Names(strict, ["127.0.0.1"]))).fault is Fault.TLS
    assert (await post(strict, f"http://goed.example:{port}/", Names(strict, ["127.0.0.1"]))).fault is Fault.FORBIDDEN
    await runner.cleanup()


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, secret
