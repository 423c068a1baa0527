import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy.local import broker
from deploy.local.ports import HOST
from tests.ports import free_port


@contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """Something that takes one request and answers this; None: it never answers."""
    with socket.create_server((HOST, 0)) as server:

        def answer_one() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(answer or b"")

        thread = threading.Thread(target=answer_one)
        if answer is not None:
            thread.start()
        yield server.getsockname()[1]
        if answer is not None:
            thread.join()


@pytest.mark.parametrize(
    ("answer", "serves"),
    [
        (struct.pack(">iihi", 10, broker.CORRELATION, 0, 0), True),
        (struct.pack(">iihi", 10, broker.CORRELATION, 35, 0), False),
        (struct.pack(">iihi", 10, 7, 0, 0), False),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
        (b"\0\0", False),
        (b"", False),
    ],
)
def test_only_who_answers_as_a_broker_does_serves(answer: bytes, *, serves: bool) -> None:
    with answering(answer) as port:
        assert broker.serves(port) is serves


def test_who_takes_the_connection_and_says_nothing_does_not_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "PATIENCE_SECONDS", 0.1)
    with answering(None) as port:
        assert not broker.serves(port)


def test_where_nobody_listens_nobody_serves() -> None:
    assert not broker.serves(free_port())
