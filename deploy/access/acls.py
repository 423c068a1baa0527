"""The entries of Kafka's authorizer: read, added, removed. aiokafka knows the requests, and has no methods for them."""

from __future__ import annotations

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

from deploy.access.model import Acl

ANY = 1
"""In a question, in the place of a kind of thing, of pattern, of act, or of answer."""


async def all_acls(admin: AIOKafkaAdminClient) -> set[Acl]:
    """All entries. Raises: KafkaError (SecurityDisabled when there is no authorizer)."""
    question = DescribeAclsRequest(ANY, None, ANY, None, None, ANY, ANY)
    answer = await admin._send_to_controller(question)  # noqa: SLF001 - aiokafka has no other way
    if answer.error_code:
        raise for_code(answer.error_code)(answer.error_message)
    return {
        Acl(principal, resource, name, operation, pattern, permission, host)
        for resource, name, pattern, entries in answer.resources
        for principal, host, operation, permission in entries
    }


async def add(admin: AIOKafkaAdminClient, acl: Acl) -> None:
    """Enters it. Raises: KafkaError."""
    answer = await admin._send_to_controller(CreateAclsRequest(*_described(acl)))  # noqa: SLF001 - as above
    for code, message in answer.creation_responses:
        if code:
            raise for_code(code)(f"{acl}: {message or code}")


async def remove(admin: AIOKafkaAdminClient, acl: Acl) -> None:
    """Strikes it out. Raises: KafkaError."""
    answer = await admin._send_to_controller(DeleteAclsRequest(*_described(acl)))  # noqa: SLF001 - as above
    for code, message, matching in answer.filter_responses:
        for failed, reason in ((code, message), *((each[0], each[1]) for each in matching)):
            if failed:
                raise for_code(failed)(f"{acl}: {reason or failed}")


def _described(acl: Acl) -> tuple[int, str, int, str, str, int, int]:
    return acl.resource, acl.name, acl.pattern, acl.principal, acl.host, acl.operation, acl.permission
