"""TCP ports of this machine's loopback address."""

import socket

import psutil

from deploy.local.errors import RunnerError

HOST = "127.0.0.1"


def require_free(port: int, name: str) -> None:
    """Raise RunnerError, naming the port and the setting, when `name` cannot listen on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise RunnerError(
                f"Port {port} for {name} is taken{_by_whom(port)}: stop what uses it, "
                f"or choose other ports, for example PORT_BASE=9100 make up."
            ) from error


def answers(port: int) -> bool:
    """Tell whether something accepts connections on `port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _by_whom(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return ""
