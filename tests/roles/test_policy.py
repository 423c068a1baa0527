"""Every route stands in the table, and every line of it is a route: a new route is one line more."""

from __future__ import annotations

from tests.roles.bodies import BODIES, QUERIES
from tests.roles.policy import TABLE, routes, table


def test_every_route_has_a_line() -> None:
    missing = [
        f"{route}: add `| {route.method} {route.path} | who may |` to {TABLE}" for route in routes().keys() - table()
    ]
    assert sorted(missing) == []


def test_every_line_is_a_route() -> None:
    gone = [f"{route}: take its line out of {TABLE}, or run `make contracts`" for route in table().keys() - routes()]
    assert sorted(gone) == []


def test_what_is_public_by_its_document_is_public_by_the_table() -> None:
    public = {route for route, operation in routes().items() if {} in operation.get("security", [{}])}
    assert public == {route for route, line in table().items() if line.anyone}


def test_whatever_is_sent_is_for_a_route() -> None:
    known = {f"{route.method} {route.path}" for route in routes()}
    assert {*BODIES, *QUERIES} <= known


def test_whatever_takes_a_body_is_sent_one() -> None:
    takes = {f"{route.method} {route.path}" for route, operation in routes().items() if "requestBody" in operation}
    assert [f"add {key} to tests/roles/bodies.py" for key in sorted(takes - BODIES.keys())] == []
