"""Where Kafka is, and as whom we come to it: what every client of it is made with."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import KafkaConnectionError, KafkaError, SaslAuthenticationFailed
from faststream.security import SASLScram512

MECHANISM = "SCRAM-SHA-512"
ANSWER_MS = 5_000


@dataclass(frozen=True, slots=True)
class Login:
    """A user of Kafka. The password is asked for when a client is made: once changed, it holds from the next one on."""

    user: str
    password: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Brokers:
    """The brokers' addresses (`host:port`, with commas between them), as whom we come, and how it is encrypted, if it is."""

    servers: str
    login: Login | None = None
    encryption: ssl.SSLContext | None = None

    def __str__(self) -> str:
        """The addresses: for logs."""
        return self.servers


Servers: TypeAlias = Brokers | str
"""A string is the address of brokers that ask nobody who they are."""


def addresses(servers: Servers) -> list[str]:
    """Each broker's own."""
    return str(servers).split(",")


def client_settings(servers: Servers) -> dict[str, Any]:
    """The arguments of every client of aiokafka that say where it goes, and as whom. Raises what asking for the password does."""
    place = {"bootstrap_servers": addresses(servers)}
    if isinstance(servers, str) or servers.login is None:
        return place
    return {
        **place,
        "security_protocol": "SASL_SSL" if servers.encryption else "SASL_PLAINTEXT",
        "ssl_context": servers.encryption,
        "sasl_mechanism": MECHANISM,
        "sasl_plain_username": servers.login.user,
        "sasl_plain_password": servers.login.password(),
    }


def security(servers: Servers) -> SASLScram512 | None:
    """The same as FastStream wants it. Raises what asking for the password does."""
    if isinstance(servers, str) or servers.login is None:
        return None
    return SASLScram512(
        servers.login.user, servers.login.password(), servers.encryption, use_ssl=servers.encryption is not None
    )


async def lets_in(servers: Servers) -> bool:
    """Whether Kafka takes the user and the password: of that, aiokafka's clients say nothing but in their log.

    Asks the first broker that answers. Raises: KafkaError, OSError when none does.
    """
    settings = client_settings(servers)
    failure: Exception | None = None
    for host, port, _ in collect_hosts(settings.pop("bootstrap_servers")):
        try:
            connection = await create_conn(host, port, request_timeout_ms=ANSWER_MS, **settings)
        except SaslAuthenticationFailed:
            return False
        except (KafkaError, OSError) as error:
            failure = error
            continue
        await connection.close()
        return True
    raise failure or KafkaConnectionError(f"{servers} is no address of a broker")


async def refusal(servers: Servers) -> str | None:
    """Why Kafka does not let us in, in words; None if that is not what is wrong."""
    if isinstance(servers, str) or servers.login is None:
        return None
    try:
        if await lets_in(servers):
            return None
    except (KafkaError, OSError):
        return None
    return f"Kafka at {servers} does not let {servers.login.user} in: is it declared, and is this its password?"
