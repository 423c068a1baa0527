"""What a container's health check ends with."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy import healthy
from deploy.local.ports import HOST
from tests.ports import free_port


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Something on a port that answers one request with this."""
    with socket.create_server((HOST, 0)) as server:

        def answer_one() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(answer)

        thread = threading.Thread(target=answer_one)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


def http_answer(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()


def test_a_program_that_is_ready_is_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(http_answer("200 OK", "{}")) as port:
        monkeypatch.setenv("HTTP_PORT", str(port))
        healthy.main()


def test_a_program_that_is_not_ready_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(http_answer("503 Service Unavailable", "migrations are missing")) as port:
        monkeypatch.setenv("HTTP_PORT", str(port))
        with pytest.raises(SystemExit, match="migrations are missing"):
            healthy.main()


def test_a_program_that_is_not_there_gives_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PORT", str(free_port()))
    with pytest.raises(SystemExit, match=r"no answer: .*refused"):
        healthy.main()


@pytest.mark.parametrize("answer", [b"", b"who are you?\r\n"])
def test_what_speaks_no_http_gives_one_sentence(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    with answering(answer) as port:
        monkeypatch.setenv("HTTP_PORT", str(port))
        with pytest.raises(SystemExit, match="no answer: "):
            healthy.main()


@pytest.mark.parametrize("port", [None, "", "eighty"])
def test_without_a_port_it_names_the_setting(monkeypatch: pytest.MonkeyPatch, port: str | None) -> None:
    monkeypatch.delenv("HTTP_PORT", raising=False)
    if port is not None:
        monkeypatch.setenv("HTTP_PORT", port)
    with pytest.raises(SystemExit, match="HTTP_PORT"):
        healthy.main()
