"""May nobody take all, and is what is let go free again?"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
from starlette.requests import Request

from shared.feeds.openings import Limits, Openings, client_of
from shared.web import Caller, Role
from shared.web.problems import Problem


def request(host: str | None, caller: Caller | None = None) -> Request:
    scope: dict[str, Any] = {"type": "http", "client": None if host is None else (host, 5), "state": {"caller": caller}}
    return Request(scope)


def test_a_client_that_has_all_it_may_is_refused_and_others_are_not() -> None:
    openings = Openings(Limits(most=10, per_client=2))
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(openings.taken("one"))
        with pytest.raises(Problem) as refused:
            held.enter_context(openings.taken("one"))
        assert (refused.value.body["status"], refused.value.headers["Retry-After"]) == (429, "30")
        held.enter_context(openings.taken("other"))
        assert openings.open == 3
    assert openings.open == 0
    with openings.taken("one"):
        assert openings.open == 1


def test_when_everything_is_taken_everybody_is_refused_for_a_while() -> None:
    openings = Openings(Limits(most=1, per_client=2))
    with openings.taken("one"), pytest.raises(Problem) as refused, openings.taken("other"):
        pass
    assert refused.value.body["status"] == 503
    assert openings.open == 0


def test_a_client_is_an_address_or_who_bears_the_token() -> None:
    assert client_of(request("192.0.2.7")) == "192.0.2.7"
    assert client_of(request("2001:db8:1:2::7")) == client_of(request("2001:db8:1:2:ffff::9"))
    assert client_of(request("2001:db8:1:3::7")) != client_of(request("2001:db8:1:2::7"))
    assert client_of(request(None)) == "unknown"
    person = uuid4()
    system = Caller("subject", frozenset({Role.SUBSCRIBER}), None, None, person, "voorbeeld-ministerie")
    assert client_of(request("192.0.2.7", system)) == "caller voorbeeld-ministerie"
    somebody = Caller("subject", frozenset(), None, None, person)
    assert client_of(request("192.0.2.7", somebody)) == f"caller {person}"
