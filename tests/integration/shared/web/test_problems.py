"""Whatever is sent, the answer is a problem that helps, and never a failure of ours."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.storage import Database, connect
from shared.web.app import build_app
from shared.web.tokens import Verifier
from tests.integration.shared.web.sample import odd

if TYPE_CHECKING:
    from tests.integration.shared.web.conftest import Client
    from tests.integration.shared.web.fronts import Hand

SEEDED = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
JSON_TYPE = {"Content-Type": "application/json"}
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["\0", "\ud800", 2**63])
ANY_JSON = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
FIELDS = st.fixed_dictionaries(
    {"name": st.text(max_size=5) | ANY_JSON},
    optional=dict.fromkeys(
        ("startTotal", "colour", "firstSteps", "since", "seenAt", "owner", "notes", "other"), ANY_JSON
    ),
)


def is_problem(answer: httpx.Response) -> bool:
    problem: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    assert problem["type"].startswith("https://schuldhulpprojecten.nl/problemen/")
    return bool(problem["title"] and problem["detail"] and problem["instance"].startswith("/"))


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/nergens", "/v1/counters/", "/v1/odd/clock/", "/docs", "/openapi.json"]
)
async def test_an_unknown_address_and_a_trailing_slash_are_not_found(den_haag: Client, path: str) -> None:
    answer = await den_haag.ask("GET", path)
    assert answer.status_code == 404
    assert is_problem(answer)


async def test_an_unknown_method_is_told_which_there_are(den_haag: Client) -> None:
    one = await den_haag.ask("PATCH", "/v1/counters/0198f000-0000-7000-8000-000000000000")
    assert one.status_code == 405
    assert is_problem(one)
    assert one.headers["allow"] == "DELETE, GET, HEAD, PUT"
    assert (await den_haag.ask("DELETE", "/v1/counters")).headers["allow"] == "GET, HEAD, POST"


async def test_a_body_that_is_not_json_is_refused_by_its_type(den_haag: Client) -> None:
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}, {}):
        answer = await den_haag.ask("POST", "/v1/counters", content=b"name=x", headers=headers)
        assert answer.status_code == 415
        assert is_problem(answer)
        assert answer.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"\xff\xfe",
        b'{"name": NaN}',
        b'{"name": "\\ud800"}',
        b'{"name": "\xed\xa0\x80"}',
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"startTotal": ' + b"9" * 5_000 + b"}",
        b"null",
        b"[]",
        b'"tekst"',
    ],
    ids=str,
)
async def test_json_that_cannot_be_read_is_a_fault_of_the_body(den_haag: Client, raw: bytes) -> None:
    answer = await den_haag.ask("POST", "/v1/counters", content=raw, headers=JSON_TYPE)
    assert answer.status_code == 400
    assert is_problem(answer)
    assert [error["field"] for error in answer.json()["errors"]] == ["body"]


async def test_a_missing_body_is_a_fault_of_the_body(den_haag: Client) -> None:
    answer = await den_haag.ask("POST", "/v1/counters")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "body")


async def test_a_text_that_postgres_cannot_hold_is_named(den_haag: Client) -> None:
    body = {"name": "a\0b", "notes": {"diep": [{"x\0": 1, "y": "\0"}]}}
    answer = await den_haag.ask("POST", "/v1/counters", json=body)
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} >= {"name", "notes.diep.0.y"}


@pytest.mark.parametrize(
    "path", ["/v1/odd/text/a%00b", "/v1/odd/text/x?q=%00", "/v1/odd/text/x?n=99999999999999999999"]
)
async def test_an_address_that_postgres_cannot_hold_is_refused(nobody: Client, path: str) -> None:
    answer = await nobody.ask("GET", path)
    assert answer.status_code == 400
    assert is_problem(answer)


@pytest.mark.parametrize(
    "path", ["/v1/odd/text/%ff%fe", "/v1/odd/text/%ed%a0%80?q=%ff", "/v1/odd/text/é?q=%F0%9F%98%80"]
)
async def test_an_odd_address_is_answered(nobody: Client, path: str) -> None:
    assert (await nobody.ask("GET", path)).status_code == 200


async def test_too_much_is_refused_whether_or_not_its_size_is_told(den_haag: Client) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 32_768

    told = await den_haag.ask("POST", "/v1/counters", content=b" " * 1_048_577, headers=JSON_TYPE)
    untold = await den_haag.ask("POST", "/v1/counters", content=chunks(), headers=JSON_TYPE)
    for answer in (told, untold):
        assert answer.status_code == 413
        assert is_problem(answer)
        assert answer.headers["api-version"]


async def test_what_nobody_foresaw_keeps_its_secrets_and_can_be_found_in_the_log(
    nobody: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await nobody.ask("GET", "/v1/odd/broken?secret=hunter2")
    assert answer.status_code == 500
    assert is_problem(answer)
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    assert answer.json()["reference"] in caplog.text
    assert "RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text


async def test_without_a_database_one_is_asked_to_come_back(verifier: Verifier, clock: Hand, dsn: str) -> None:
    pool = await connect(dsn, most=1)
    await pool.close()
    app = build_app("Tellers", [odd], database=Database(pool), verifier=verifier, clock=clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sample.test") as client:
        answer = await client.get("/v1/odd/clock")
    assert answer.status_code == 503
    assert is_problem(answer)
    assert int(answer.headers["retry-after"]) > 0


async def test_when_no_connection_comes_free_one_is_asked_to_come_back(
    verifier: Verifier, clock: Hand, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = await connect(dsn, most=1)
    app = build_app("Tellers", [odd], database=Database(pool), verifier=verifier, clock=clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sample.test") as client:
        async with pool.acquire():
            monkeypatch.setattr("shared.web.routing.WAIT_FOR_DATABASE_S", 0.05)
            busy = await client.get("/v1/odd/clock")
        monkeypatch.undo()
        free = await client.get("/v1/odd/clock")
    await pool.close()
    assert (busy.status_code, free.status_code) == (503, 200)
    assert busy.headers["retry-after"]


@SEEDED
@given(fields=FIELDS)
async def test_no_fields_make_us_fail(den_haag: Client, fields: dict[str, Any]) -> None:
    answer = await den_haag.ask("POST", "/v1/counters", content=json.dumps(fields).encode(), headers=JSON_TYPE)
    assert answer.status_code in (201, 400)
    assert answer.status_code == 201 or is_problem(answer)


@SEEDED
@given(raw=st.binary(max_size=200) | ANY_JSON.map(lambda value: json.dumps(value).encode()))
async def test_no_bytes_make_us_fail(den_haag: Client, raw: bytes) -> None:
    answer = await den_haag.ask("POST", "/v1/counters", content=raw, headers=JSON_TYPE)
    assert answer.status_code in (201, 400)


@SEEDED
@given(text=st.text(alphabet=st.characters(codec="utf-8")), query=st.text(alphabet=st.characters(codec="utf-8")))
async def test_no_address_makes_us_fail(nobody: Client, text: str, query: str) -> None:
    answer = await nobody.ask("GET", f"/v1/odd/text/{quote(text, safe='')}?n={quote(query)}")
    assert answer.status_code < 500
