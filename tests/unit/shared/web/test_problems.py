"""Which error becomes which problem."""

from __future__ import annotations

import json
import logging

import asyncpg
import pytest

from shared.refusals import Conflict, Fault, Forbidden, Invalid, Refusal, StaleRevision, UnknownEntity
from shared.web.problems import problem_of


class ConflictOfInterest(Forbidden):
    title = "U bent betrokken"


def of(state: str) -> Exception:
    return asyncpg.PostgresError.new({"C": state, "M": "zoals iemand het schreef"})


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (Invalid("x"), 400, "invalid"),
        (Forbidden("x"), 403, "forbidden"),
        (ConflictOfInterest("x"), 403, "conflict-of-interest"),
        (UnknownEntity("project", 3), 404, "unknown-entity"),
        (Conflict("x"), 409, "conflict"),
        (StaleRevision(1, 2), 412, "stale-revision"),
        (Refusal("x"), 409, "refusal"),
    ],
)
def test_each_kind_of_refusal_has_its_status(error: Exception, status: int, name: str) -> None:
    problem = problem_of(error)
    assert problem.status == status
    assert problem.body["type"] == f"https://schuldhulpprojecten.nl/problemen/{name}"


@pytest.mark.parametrize(
    "state", ["08006", "40001", "40P01", "53300", "53100", "55P03", "57014", "57P03", "58030", "25P03"]
)
def test_a_database_that_cannot_now_is_no_fault_of_anybody(state: str) -> None:
    problem = problem_of(of(state))
    assert problem.status == 503
    assert "Retry-After" in problem.headers


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionRefusedError(), asyncpg.InterfaceError("closed")])
def test_neither_is_one_that_does_not_answer(error: Exception) -> None:
    assert problem_of(error).status == 503


@pytest.mark.parametrize("state", ["22003", "22021", "22P05"])
def test_a_value_that_no_column_takes_is_a_fault_of_the_request(state: str) -> None:
    assert problem_of(of(state)).status == 400


@pytest.mark.parametrize("state", ["23505", "42P01", "XX000"])
def test_other_errors_of_the_database_are_ours_and_stay_with_us(state: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        response = problem_of(of(state)).response("/v1/x")
    assert response.status_code == 500
    assert state in caplog.text
    assert json.loads(bytes(response.body))["reference"] in caplog.text
    assert "zoals iemand" not in caplog.text + bytes(response.body).decode()


def test_a_problem_can_say_anything_in_utf_8() -> None:
    response = problem_of(Invalid("é \ud800", [Fault("veld", "\ud800")])).response("/v1/\ud800/é\n")
    assert json.loads(bytes(response.body))["instance"] == "/v1/%3F/%C3%A9%0A"
