"""By what is a project weighed?"""

from __future__ import annotations

from tests.standing import Standing


async def test_everybody_reads_the_afwegingskader(assessment: Standing) -> None:
    async with assessment.client_for() as nobody:
        listed = (await nobody.get("/frameworks")).json()["items"]
        first = await nobody.get("/frameworks/1")
        unknown = await nobody.get("/frameworks/99")
    assert listed == [first.json()]
    assert (len(listed[0]["parts"]), len(listed[0]["phases"]), len(listed[0]["scale"])) == (12, 7, 5)
    assert listed[0]["mainQuestion"].startswith("Wat voegt het toe")
    assert (first.status_code, unknown.status_code) == (200, 404)
