"""Can everybody read what is measured, and how?"""

from __future__ import annotations

import httpx


async def test_everybody_reads_the_twenty_four_indicators(anyone: httpx.AsyncClient) -> None:
    items = (await anyone.get("/indicators")).json()["items"]
    assert len(items) == 24
    waiting = next(each for each in items if each["code"] == "wachttijd_dagen")
    assert (waiting["figure"], waiting["unit"], waiting["isPublicNow"]) == ("mean", "dagen", False)
    assert all(each["definition"] and each["source"] for each in items)


async def test_one_indicator_has_an_address_and_an_unknown_one_is_not_found(anyone: httpx.AsyncClient) -> None:
    found = await anyone.get("/indicators/recidive_pct")
    assert (found.status_code, found.json()["direction"]) == (200, "lager_is_beter")
    assert (await anyone.get("/indicators/onzin")).status_code == 404
