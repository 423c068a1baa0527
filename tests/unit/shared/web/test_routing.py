"""A route that forgets something does not start."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import pytest
from starlette.requests import Request

from shared.web import Body, Caller, IfMatch, Result, Role, Tx, anyone, caller_of, service_router
from shared.web.routing import cause_of


class Nothing(Body):
    pass


def test_a_route_that_does_not_say_who_may_call_it_is_refused() -> None:
    router = service_router("/things", tag="Things")

    async def read_thing(thing: UUID, tx: Tx) -> Result:
        return Result()

    with pytest.raises(TypeError, match="read_thing must say who may call it"):
        router.get("/{thing}")(read_thing)


def test_a_route_that_says_it_twice_is_refused() -> None:
    router = service_router("/things", tag="Things")

    async def read_thing(
        one: Annotated[Caller, caller_of(Role.OPERATOR)], other: Annotated[Caller | None, anyone()]
    ) -> Result:
        return Result()

    with pytest.raises(TypeError, match="once"):
        router.get("")(read_thing)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_change_of_what_somebody_saw_takes_if_match(method: str) -> None:
    router = service_router("/things", tag="Things")

    async def change(thing: UUID, caller: Annotated[Caller, caller_of()]) -> Result:
        return Result()

    async def change_seen(thing: UUID, if_match: IfMatch, caller: Annotated[Caller, caller_of()]) -> Result:
        return Result()

    with pytest.raises(TypeError, match="if_match"):
        getattr(router, method)("/{thing}")(change)
    getattr(router, method)("/{thing}")(change_seen)


def test_a_handler_that_would_run_in_a_thread_is_refused() -> None:
    router = service_router("/things", tag="Things")

    def read_things(caller: Annotated[Caller, caller_of()]) -> Result:
        return Result()

    with pytest.raises(TypeError, match="coroutine"):
        router.get("")(read_things)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", True),
        ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", False),
        ('x", "ce_type": "y', False),
        ("", False),
    ],
)
def test_what_follows_from_a_request_bears_its_trace_if_it_is_one(sent: str, *, kept: bool) -> None:
    request = Request({"type": "http", "headers": [(b"traceparent", sent.encode())]})
    cause, other = cause_of(request), cause_of(request)
    assert cause.traceparent == (sent if kept else None)
    assert cause.correlation != other.correlation
