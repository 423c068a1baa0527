"""Asks a Kafka broker whether it serves, with the smallest request of its protocol."""

import socket
import struct

from deploy.local.ports import HOST

PATIENCE_SECONDS = 2
API_VERSIONS, VERSION = 18, 0
CORRELATION = 1
REQUEST = struct.pack(">hhih", API_VERSIONS, VERSION, CORRELATION, -1)  # -1: no client id
HEAD = struct.Struct(">iih")
"""How the answer begins: its length, the number of the question, and an error code (0: none)."""


def serves(port: int) -> bool:
    """Tell whether the broker on `port` answers within two seconds which requests it takes.

    A broker that is stopped still accepts connections, as the system does that for it: so it must answer.
    """
    try:
        with socket.create_connection((HOST, port), PATIENCE_SECONDS) as connection:
            connection.sendall(struct.pack(">i", len(REQUEST)) + REQUEST)
            with connection.makefile("rb") as answer:
                head = answer.read(HEAD.size)
    except OSError:
        return False
    return len(head) == HEAD.size and HEAD.unpack(head)[1:] == (CORRELATION, 0)
