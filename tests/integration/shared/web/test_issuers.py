"""Issuers as they are: found by discovery, away, slow and broken; their keys change."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import httpx
import pytest
from joserfc.jwk import ECKey
from starlette.responses import JSONResponse, RedirectResponse, Response

from shared.storage import Database
from shared.web import discovery, keys
from shared.web.app import build_app
from shared.web.discovery import LONGEST_ANSWER, WELL_KNOWN, IssuerAddress
from shared.web.keys import ASK_AGAIN_AFTER, REFRESH_AFTER, IssuerAway
from tests.integration.shared.web.fronts import Place
from tests.integration.shared.web.sample import odd


async def test_whoever_names_an_issuer_need_not_say_where_its_keys_are(place: Place) -> None:
    assert await place.holds(place.signed())
    assert place.front.asked == [WELL_KNOWN, "/jwks"]


async def test_the_document_may_be_asked_for_elsewhere(place: Place) -> None:
    place.front.instead["/inside"] = JSONResponse(
        {"issuer": place.front.address, "jwks_uri": f"{place.front.address}/jwks"}
    )
    place.verifier = place.verifier_at(IssuerAddress(place.front.address, None, f"{place.front.address}/inside"))
    assert await place.holds(place.signed())
    assert place.front.asked == ["/inside", "/jwks"]


@pytest.mark.parametrize(
    "document",
    [{"issuer": "https://andere.test"}, {}, {"issuer": None, "jwks_uri": 7}, [], "tekst"],
    ids=str,
)
async def test_the_document_of_another_issuer_is_not_believed(
    place: Place, document: object, caplog: pytest.LogCaptureFixture
) -> None:
    if isinstance(document, dict):
        document = {"jwks_uri": f"{place.front.address}/jwks", **document}
    place.front.instead[WELL_KNOWN] = JSONResponse(document)
    with pytest.raises(IssuerAway):
        await place.verifier.login_of(place.signed())
    assert "/jwks" not in place.front.asked
    assert f"could not be fetched from {place.front.address}{WELL_KNOWN}" in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        Response(status_code=500),
        Response("<html>", media_type="text/html"),
        Response("[" * 200_000),
        Response(json.dumps({"keys": [], "x": "x" * LONGEST_ANSWER})),
        RedirectResponse("/elsewhere"),
        JSONResponse({"keys": "geen lijst"}),
        JSONResponse({}),
    ],
    ids=["an error", "a page", "deep", "endless", "a redirect", "no list", "nothing"],
)
async def test_an_answer_that_holds_no_keys_takes_none_away(place: Place, answer: Response) -> None:
    old = place.signed()
    assert await place.holds(old)
    place.front.instead["/jwks"] = answer
    place.clock.turn(REFRESH_AFTER)
    assert await place.holds(place.signed(sub="nog iemand"))
    stranger = ECKey.generate_key("P-256")
    with pytest.raises(IssuerAway):
        await place.verifier.login_of(place.signed(stranger))
    assert "/elsewhere" not in place.front.asked


async def test_while_nobody_answers_known_keys_go_on_and_others_are_told_to_come_back(place: Place) -> None:
    assert await place.holds(place.signed())
    await place.stack.aclose()
    place.clock.turn(REFRESH_AFTER * 3)
    assert await place.holds(place.signed(sub="nog iemand"))
    with pytest.raises(IssuerAway):
        await place.verifier.login_of(place.signed(place.rotate()))
    async with place.front.listening():
        with pytest.raises(IssuerAway):
            await place.verifier.login_of(place.signed())  # too soon to ask again, so still unknown
        place.clock.turn(ASK_AGAIN_AFTER)
        assert await place.holds(place.signed())


async def test_who_cannot_be_known_now_is_told_to_come_back_and_others_are_served(
    place: Place, database: Database
) -> None:
    app = build_app("Tellers", [odd], database=database, verifier=place.verifier, clock=place.clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sample.test") as http:

        async def ask(token: str) -> httpx.Response:
            return await http.get("/v1/odd/clock", headers={"Authorization": f"Bearer {token}"})

        known = place.signed()
        assert (await ask(known)).status_code == 200
        await place.stack.aclose()
        place.clock.turn(ASK_AGAIN_AFTER)
        answer = await ask(place.signed(place.rotate()))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json()["title"] == "Dit lukt nu even niet"
        assert (await ask(known)).status_code == 200
        assert (await http.get("/v1/odd/clock")).status_code == 200


async def test_nobody_with_a_known_key_waits_for_an_issuer_that_hangs(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await place.holds(place.signed())
    place.front.instead["/jwks"] = Response(status_code=503)
    place.clock.turn(REFRESH_AFTER)
    assert await place.holds(place.signed(sub="wie merkt dat de uitgever weg is"))
    monkeypatch.setattr(discovery, "TIMEOUT_S", 600)
    monkeypatch.setattr(keys, "ANSWER_WITHIN_S", 600)
    place.front.hold = asyncio.Event()
    place.clock.turn(ASK_AGAIN_AFTER)
    async with asyncio.timeout(60):
        assert all([await place.holds(place.signed(sub=str(number))) for number in range(20)])


async def test_a_new_key_holds_as_soon_as_the_issuer_is_asked_again(place: Place) -> None:
    assert await place.holds(place.signed())
    old = place.key
    place.rotate()
    assert await place.holds(place.signed()) is None
    asked = len(place.front.asked)
    assert [await place.holds(place.signed(sub=str(number))) for number in range(30)] == [None] * 30
    assert len(place.front.asked) == asked
    place.clock.turn(ASK_AGAIN_AFTER)
    assert await place.holds(place.signed())
    assert await place.holds(place.signed(old)) is None


async def test_a_token_that_was_seen_outlives_its_withdrawn_key_no_longer_than_the_refresh(place: Place) -> None:
    assert await place.holds(place.signed())
    place.clock.turn(REFRESH_AFTER - timedelta(seconds=1))
    late = place.signed(exp=2**33)
    assert await place.holds(late)
    place.rotate()
    place.clock.turn(timedelta(seconds=1))
    assert await place.holds(late) is None
