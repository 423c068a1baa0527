"""Kafka's users, of whom it keeps salted passwords (SCRAM, RFC 5802): the two requests that aiokafka does not have."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import TypeAlias

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

ITERATIONS = 8192
"""How often a password is hashed. Kafka takes from 4,096 to 16,384; every connection takes as long as these do."""
TEXT = CompactString("utf-8")
TAGS = ("tags", TaggedFields)


class Mechanism(IntEnum):
    """How a user shows its password, as Kafka's protocol numbers it."""

    SCRAM_SHA_256 = 1
    SCRAM_SHA_512 = 2


OURS = Mechanism.SCRAM_SHA_512
Users: TypeAlias = Mapping[str, Mapping[int, int]]
"""By user: the mechanisms for which it has a password, each with its iterations."""


class _Described(Response):
    API_KEY = 50
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("error_message", TEXT),
        (
            "results",
            CompactArray(
                ("user", TEXT),
                ("error_code", Int16),
                ("error_message", TEXT),
                ("credential_infos", CompactArray(("mechanism", Int8), ("iterations", Int32), TAGS)),
                TAGS,
            ),
        ),
        TAGS,
    )


class _Describe(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 50
    API_VERSION = 0
    RESPONSE_TYPE = _Described
    SCHEMA = Schema(("users", CompactArray(("name", TEXT), TAGS)), TAGS)


class DescribeUsers(Request[_Describe]):
    """Asks for all users. DescribeUserScramCredentialsRequest in Kafka's protocol."""

    API_KEY = 50

    def build(self, request_struct_class: type[_Describe]) -> _Describe:
        """As it goes over the line."""
        return request_struct_class([], {})  # not None: Kafka 4.3 then never answers who may not ask


class _Altered(Response):
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("results", CompactArray(("user", TEXT), ("error_code", Int16), ("error_message", TEXT), TAGS)),
        TAGS,
    )


class _Alter(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 51
    API_VERSION = 0
    RESPONSE_TYPE = _Altered
    SCHEMA = Schema(
        ("deletions", CompactArray(("name", TEXT), ("mechanism", Int8), TAGS)),
        (
            "upsertions",
            CompactArray(
                ("name", TEXT),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                TAGS,
            ),
        ),
        TAGS,
    )


class AlterUsers(Request[_Alter]):
    """Gives users passwords, and takes them away. AlterUserScramCredentialsRequest in Kafka's protocol."""

    API_KEY = 51

    def __init__(self, gone: Sequence[tuple[str, int]] = (), passwords: Mapping[str, str] | None = None) -> None:
        none: dict[int, bytes] = {}  # of the tags with which later versions of Kafka may say more
        self._gone = [(name, mechanism, none) for name, mechanism in gone]
        self._given = [(name, OURS, ITERATIONS, *_salted(word), none) for name, word in (passwords or {}).items()]

    def build(self, request_struct_class: type[_Alter]) -> _Alter:
        """As it goes over the line: Kafka never sees a password."""
        return request_struct_class(self._gone, self._given, {})


def _salted(password: str) -> tuple[bytes, bytes]:
    salt = secrets.token_bytes(32)
    return salt, hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)


async def all_users(admin: AIOKafkaAdminClient) -> Users:
    """Everybody who has a password. Raises: KafkaError."""
    answer = await admin._send_to_controller(DescribeUsers())  # noqa: SLF001 - aiokafka has no other way
    if answer.error_code:
        raise for_code(answer.error_code)(answer.error_message)
    return {
        user: {mechanism: iterations for mechanism, iterations, _ in infos}
        for user, code, _, infos, _ in answer.results
        if not code
    }


async def give(admin: AIOKafkaAdminClient, user: str, password: str) -> None:
    """Lets this user in with this password, and with no other one. Raises: KafkaError."""
    await _alter(admin, AlterUsers(passwords={user: password}))


async def take(admin: AIOKafkaAdminClient, user: str, mechanism: int) -> None:
    """Lets this user in no more. Raises: KafkaError."""
    await _alter(admin, AlterUsers(gone=[(user, mechanism)]))


async def _alter(admin: AIOKafkaAdminClient, request: AlterUsers) -> None:
    answer = await admin._send_to_controller(request)  # noqa: SLF001 - as above
    for user, code, message, _ in answer.results:
        if code:
            raise for_code(code)(f"user {user}: {message or code}")
