"""What is sent with each change: right in itself, so that only who asks can be wrong. A change without a line is sent {}."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from shared.contracts.vocabulary import Criterion
from tests.roles.cast import Actor
from tests.roles.world import EVERYWHERE, EVIDENCE, TYPE, World, description, member, plan, quarter, today

Json = dict[str, Any]
Made = Callable[[World, int, Actor], object]
WHY = {"reason": "Een reden, verzonnen voor een test."}


def _organisation(world: World, n: int, _: Actor) -> Json:
    kind = "maatschappelijke-organisatie"
    return {"name": f"Stichting Voorbeeld {n}", "kind": kind, **EVERYWHERE, "means": ["geld"]}


def _partnership(world: World, n: int, actor: Actor) -> Json:
    """A gemeente names whom it invites; all others speak for themselves."""
    invites = actor.name == f"gemeente-{n}"
    return {"role": "expertise", "organisation": world.objects[n]["submission", "submitter"] if invites else None}


def _observation(_: World, n: int, actor: Actor) -> Json:
    first, last = quarter()
    told = {"value": 105, "provenance": {"source": "verzonnen", "method": "verzonnen"}}
    return {"indicator": "aanmeldingen", "periodStart": first, "periodEnd": last, **told}


def _event(_: World, n: int, actor: Actor) -> list[Json]:
    return [{"specversion": "1.0", "id": str(uuid4()), "source": "urn:test", "type": TYPE, "data": {}}]


def _decision(*_: object) -> Json:
    reasons = [{"criterion": criterion, "reason": "Verzonnen.", "evidence": []} for criterion in Criterion]
    return {
        "verdict": "overnemen",
        "evidenceLevel": "goed-beschreven",
        "reasons": reasons,
        "overrideReason": "Test.",
    }


def _milestone(world: World, n: int, _: Actor) -> Json:
    return {"owner": world.objects[n]["matching", "organisation"], "dueOn": today().isoformat(), "state": "open"}


BODIES: Mapping[str, Made] = {
    "POST /events": _event,
    "POST /operations/persons/erasures": lambda *_: {"subject": "niemand", **WHY},
    "POST /operations/rebuilds": lambda *_: {"fold": "catalogue", **WHY},
    "POST /operations/log-adoptions": lambda *_: WHY,
    "POST /operations/dead-letters/{letter}/discards": lambda *_: WHY,
    "POST /operations/dead-letters/{letter}/replays": lambda *_: WHY,
    "POST /operations/outbox/{topic}/{entity}/releases": lambda *_: WHY,
    "POST /operations/outbox/{topic}/{entity}/resends": lambda *_: WHY,
    "POST /operations/parked/{stream}/{entity}/releases": lambda *_: WHY,
    "POST /operations/parked/{stream}/{entity}/{version}/discards": lambda *_: WHY,
    "POST /operations/parked/{stream}/{entity}/{version}/fixes": lambda *_: {**WHY, "data": {}},
    "POST /projects": lambda world, n, _: description(world, n, "Nog een project"),
    "PUT /projects/{project}": lambda world, n, _: description(world, n, "Nog een project"),
    "POST /projects/{project}/evidence": lambda *_: EVIDENCE,
    "PUT /projects/{project}/evidence/{evidence}": lambda *_: EVIDENCE,
    "POST /projects/{project}/withdrawals": lambda *_: WHY,
    "PUT /assessments/{assessment}/decision": _decision,
    "PUT /assessments/{assessment}/reviews/mine": lambda *_: {"scores": []},
    "POST /board-members": lambda *_: {**member(), "name": "Een lid", "subject": f"nieuw-{uuid4()}"},
    "PUT /board-members/{member}": lambda *_: {**member(), "name": "Een lid"},
    "PUT /board-settings": lambda *_: {"reviews": 1, "seats": 1},
    "POST /releases": lambda *_: {"assessments": [str(uuid4())]},
    "POST /adoptions": lambda world, n, _: {"project": world.objects[n]["matching", "project"], "mayBeNamed": True},
    "POST /adoptions/{adoption}/endings": lambda *_: WHY,
    "PUT /adoptions/{adoption}/funding": lambda *_: {"budgetEuro": 900_000},
    "PUT /adoptions/{adoption}/funding/commitments/{commitment}": lambda *_: {"amountEuro": 5_000, "stage": "intentie"},
    "PUT /adoptions/{adoption}/milestones/{kind}": _milestone,
    "PUT /adoptions/{adoption}/naming": lambda *_: {"mayBeNamed": True},
    "POST /adoptions/{adoption}/partnerships": _partnership,
    "POST /adoptions/{adoption}/partnerships/{partnership}/refusals": lambda *_: WHY,
    "POST /gemeenten/{code}/feedback": lambda world, n, _: {
        "project": world.objects[n]["matching", "project"],
        "kind": "interessant",
    },
    "PUT /gemeenten/{code}/situation": lambda *_: {"availableFte": 0.5},
    "POST /organisations": _organisation,
    "PUT /organisations/{organisation}": _organisation,
    "POST /adoptions/{adoption}/observation-batches": lambda *a: {"observations": [_observation(*a)]},
    "POST /adoptions/{adoption}/observations": _observation,
    "PUT /adoptions/{adoption}/plan": lambda *_: {"plans": [plan()]},
    "PUT /observations/{observation}": lambda *_: {
        "value": 105,
        "provenance": {"source": "verzonnen", "method": "verzonnen"},
        **WHY,
    },
    "POST /observations/{observation}/withdrawals": lambda *_: WHY,
    "POST /webhooks": lambda *_: {"address": "https://example.org/ontvangen"},
    "PATCH /webhooks/{webhook}": lambda *_: {"indicator": "aanmeldingen"},
    "POST /webhooks/{webhook}/replays": lambda *_: {"since": f"{today()}T00:00:00Z"},
}
QUERIES: Mapping[str, Callable[[World, int], dict[str, str]]] = {
    "GET /published-figures/totals": lambda world, n: {
        "project": world.objects[n]["matching", "project"],
        "indicator": "aanmeldingen",
        "periodStart": quarter()[0],
        "periodEnd": quarter()[1],
    },
    "GET /operations/verification": lambda *_: {"wait": "0"},
}
"""What is asked with a route that needs a query."""
SEEN: Mapping[str, int] = {"PUT /adoptions/{adoption}/funding/commitments/{commitment}": 2}
"""The revision that If-Match names, where it is not the first."""
LAST = ("/withdrawals", "/endings", "/refusals")
"""What ends something, so that nothing can be done with it afterwards."""
