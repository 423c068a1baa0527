"""Certificates for outsiders: in development made when there are none, in production checked; keys stay with who needs them."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.certs.__main__ import ensure, main
from deploy.certs.folder import CA, FILES, KAFKA, PROXY, PROXY_KEY, BadCertificates, checked, served

NOW = datetime.now(UTC)
HOSTS = served("schuldhulp.test", "kafka.schuldhulp.test")
PRODUCTION = {
    "PUBLIC_URL": "https://schuldhulp.test",
    "KAFKA_HOST": "kafka.schuldhulp.test",
    "ENVIRONMENT": "production",
}
DEVELOPMENT = {**PRODUCTION, "ENVIRONMENT": "development"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Certificates of today."""
    ensure(tmp_path / "certs", HOSTS, NOW, may_make=True)
    return tmp_path / "certs"


def handshake(folder: Path, host: str) -> str | None:
    """The protocol that a client which trusts the authority agrees on with a server that has the proxy's certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / PROXY, folder / PROXY_KEY)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            plain, _ = server.accept()
            with plain, context.wrap_socket(plain, server_side=True) as encrypted:
                encrypted.recv(1)

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        trusting = ssl.create_default_context(cafile=folder / CA)
        with (
            socket.create_connection(server.getsockname()) as plain,
            trusting.wrap_socket(plain, server_hostname=host) as encrypted,
        ):
            encrypted.send(b"x")
            return encrypted.version()


@pytest.mark.parametrize("host", ["schuldhulp.test", "localhost", "127.0.0.1"])
def test_who_trusts_the_authority_trusts_what_it_signed(folder: Path, host: str) -> None:
    assert handshake(folder, host) == "TLSv1.3"


def test_others_cannot_read_a_key_and_the_authority_has_none_any_more(folder: Path) -> None:
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == {CA: 0o644, PROXY: 0o640, PROXY_KEY: 0o640, KAFKA: 0o640}
    assert "PRIVATE" not in (folder / CA).read_text()


def test_what_is_there_and_holds_stays(folder: Path) -> None:
    before = {name: (folder / name).read_bytes() for name in FILES}
    assert "there, until" in ensure(folder, HOSTS, NOW, may_make=True)
    assert {name: (folder / name).read_bytes() for name in FILES} == before


def test_our_own_are_made_anew_in_time_and_for_another_host(folder: Path) -> None:
    later = NOW + timedelta(days=370)
    assert "made" in ensure(folder, HOSTS, later, may_make=True)
    other = served("elsewhere.test", "elsewhere.test")
    assert "made" in ensure(folder, other, later, may_make=True)
    assert checked(folder, other, later) > later


def test_in_production_none_are_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)], PRODUCTION) == 1
    assert "put ca.pem, proxy.pem, proxy.key, kafka.pem in" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert main([str(tmp_path)], DEVELOPMENT) == 0
    assert main([str(tmp_path)], PRODUCTION) == 0


def test_those_of_an_operator_are_never_replaced(folder: Path) -> None:
    (folder / CA).write_bytes((folder / PROXY).read_bytes())  # an authority that is not ours
    before = (folder / PROXY).read_bytes()
    with pytest.raises(BadCertificates, match=r"signed by what is in ca\.pem"):
        ensure(folder, HOSTS, NOW, may_make=True)
    assert (folder / PROXY).read_bytes() == before


def test_every_fault_is_named_at_once(folder: Path) -> None:
    (folder / PROXY_KEY).write_bytes((folder / KAFKA).read_bytes())
    with pytest.raises(BadCertificates) as caught:
        checked(folder, served("schuldhulp.test", "not-kafka.test"), NOW)
    assert "the key in proxy.key is not that of the certificate in proxy.pem" in str(caught.value)
    assert "kafka.pem does not do for not-kafka.test" in str(caught.value)


def test_one_that_has_ended_is_refused_and_one_that_soon_will_is_told(folder: Path) -> None:
    assert "That is soon" in ensure(folder, HOSTS, NOW + timedelta(days=380), may_make=False)
    with pytest.raises(BadCertificates, match=r"proxy\.pem ended on .*; kafka\.pem ended on"):
        ensure(folder, HOSTS, NOW + timedelta(days=400), may_make=False)


def test_what_stands_in_a_file_of_a_key_is_never_told(folder: Path) -> None:
    (folder / PROXY_KEY).write_text("geheim")
    with pytest.raises(BadCertificates) as caught:
        checked(folder, HOSTS, NOW)
    assert "proxy.key holds no private key without a password" in str(caught.value)
    assert "geheim" not in str(caught.value)
