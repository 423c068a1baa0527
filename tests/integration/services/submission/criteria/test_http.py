"""Which criteria does the form ask about?"""

from __future__ import annotations

from tests.standing import Standing


async def test_everybody_sees_the_criteria_with_their_parts_as_questions(submission: Standing) -> None:
    async with submission.client_for() as nobody:
        answer = await nobody.get("/criteria")
    assert answer.status_code == 200
    criteria = answer.json()["items"]
    assert [(c["criterion"], len(c["parts"])) for c in criteria] == [
        ("werkbaar", 7),
        ("herbruikbaar", 3),
        ("beschikbaar", 2),
    ]
    assert all(part["question"].endswith("?") for criterion in criteria for part in criterion["parts"])
