from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.demo.client import Client, Keys, Wire
from deploy.demo.failing import DemoFailed
from deploy.demo.places import Places

PLACES = Places({"matching": "http://matching.test"}, "http://issuer.test", "kafka.test:1")
RUN = UUID(int=5)


class Server:
    """Gives these statuses, one after another; then 200 for ever."""

    def __init__(self, *statuses: int) -> None:
        self.statuses: Iterator[int] = iter(statuses)
        self.keys: list[str | None] = []

    async def __call__(self, request: Request) -> Response:
        self.keys.append(request.headers.get("Idempotency-Key"))
        status = next(self.statuses, 200)
        problem = {
            "type": "https://problems.test/already-there",
            "title": "Dit klopt niet",
            "detail": "Er is 1 fout.",
            "errors": [{"field": "a", "message": "Vul in."}],
        }
        return JSONResponse({"made": True} if status < 300 else problem, status)


@asynccontextmanager
async def wired(server: Server, notices: list[str] | None = None, patience_s: float = 60) -> AsyncIterator[Client]:
    app = Starlette(routes=[Route("/v1/things", server.__call__, methods=["GET", "POST"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        told = notices if notices is not None else []
        yield Client(Wire(http, PLACES, Keys(RUN), told.append, patience_s=patience_s), "token")


async def test_a_service_that_is_away_is_asked_the_same_again_with_the_same_key() -> None:
    server, notices = Server(503, 503), list[str]()
    async with wired(server, notices) as client:
        assert await client.post("matching", "/things", {"a": 1}) == {"made": True}
        assert client.wire.retries == 2
    assert len(set(server.keys)) == 1
    assert len(server.keys) == 3
    assert ["dezelfde sleutel" in notices[0], "antwoordt weer" in notices[1]] == [True, True]


async def test_what_is_there_already_is_not_made_and_any_other_conflict_stops() -> None:
    async with wired(Server(200, 409, 409)) as client:
        assert await client.post_unless("matching", "/things", {}, "already-there") == {"made": True}
        assert await client.post_unless("matching", "/things", {}, "already-there") is None
        with pytest.raises(DemoFailed, match="409 Dit klopt niet"):
            await client.post_unless("matching", "/things", {}, "of-another-kind")


async def test_after_a_while_it_gives_up_and_says_where_to_look() -> None:
    async with wired(Server(*[503] * 100), patience_s=0.05) as client:
        with pytest.raises(DemoFailed, match=r"matching antwoordt niet.*NAME=matching"):
            await client.get("matching", "/things")


async def test_what_is_refused_is_told_with_every_fault() -> None:
    async with wired(Server(400)) as client:
        with pytest.raises(DemoFailed, match=r"POST /v1/things: 400 Dit klopt niet\. Er is 1 fout\. a: Vul in\."):
            await client.post("matching", "/things")


async def test_what_should_have_been_refused_and_was_not_stops_the_demo() -> None:
    async with wired(Server(200)) as client:
        with pytest.raises(DemoFailed, match="geweigerd moeten worden"):
            await client.refused("matching", "POST", "/things")


def test_keys_follow_from_the_run_the_step_and_what_is_asked() -> None:
    def of(run: UUID, *steps: str) -> list[str]:
        keys, made = Keys(run), []
        for step in steps:
            keys.step = step
            made.append(keys.next("POST", "/things"))
        return made

    first = of(RUN, "1", "1", "2")
    assert first == of(RUN, "1", "1", "2")
    assert len({*first, *of(UUID(int=6), "1")}) == 4
