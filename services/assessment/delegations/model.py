"""A decision that the portfolioboard left to somebody else, who tells it from outside: what of the board's rules still holds.

Reviews and quorum are the board's way to a decision of its own, and do not apply. All that a decision must be does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from services.assessment.decisions.model import (
    Assessment,
    Condition,
    Decision,
    IncompleteDecision,
    Means,
    NotOpen,
    Reason,
    State,
)
from services.assessment.frameworks.model import Framework
from shared.contracts.events import ProjectAssessed
from shared.contracts.vocabulary import Criterion
from shared.refusals import Conflict, Fault, Forbidden, Invalid


class NotDelegated(Forbidden):
    """The board left nothing to this publisher to decide."""


class NotBeforeTheBoard(Invalid):
    """No such version of the project was submitted, or not heard of yet."""


class AlreadyDecided(Conflict):
    """The board has a decision on this version, known or prepared: nobody else writes over it."""


def decided(known: Assessment, said: ProjectAssessed, delegation: str, framework: Framework, today: date) -> Assessment:
    """The assessment with this decision, known from today on.

    Raises: AlreadyDecided, NotOpen; IncompleteDecision with every fault at once.
    """
    _check_undecided(known)
    decision = Decision(
        said.verdict,
        said.evidence_level,
        tuple(Reason(each.criterion, each.reason, each.evidence, each.mean_score) for each in said.reasons),
        tuple(Condition(each.id, each.text, each.due_on) for each in said.conditions),
        said.override_reason or None,
        delegation=delegation,
    )
    means = _stated(decision)
    faults = (*_faults(said, framework, today), *decision.faults(framework, means, known.evidence, today))
    if faults:
        raise IncompleteDecision("Het besluit klopt nog niet.", faults)
    made = replace(
        decision.prepared(means, today),
        decided_on=said.decided_on,
        released_on=today,
        valid_until=said.valid_until,
    )
    return replace(known, state=State.RELEASED, decision=made)


def _check_undecided(known: Assessment) -> None:
    if known.decision is not None:
        fault = Fault("projectVersion", "Alleen het board zelf kan zijn besluit wijzigen, zolang het niet bekend is.")
        raise AlreadyDecided("Over deze versie van het project is er al een besluit van het board.", [fault])
    if not known.state.can_still_decide:
        fault = Fault("projectVersion", "Besluit over de nieuwste versie die is ingediend.")
        raise NotOpen(f"Over deze versie wordt niet meer besloten: ze is {known.state}.", [fault])


def _stated(decision: Decision) -> Means:
    """Per criterion the mean score that its reason states (0 to 4, two decimals, as the board's own have)."""
    stated = {reason.criterion: reason.mean_score for reason in decision.reasons}
    return {c: None if (mean := stated.get(c)) is None else round(mean, 2) for c in Criterion}


def _faults(said: ProjectAssessed, framework: Framework, today: date) -> Iterator[Fault]:
    """What is wrong in what the board itself never states, since it follows."""
    if said.framework_version != framework.version:
        yield Fault(
            "frameworkVersion", f"Deze versie wordt gewogen met versie {framework.version} van het afwegingskader."
        )
    if said.decided_on > today:
        yield Fault("decidedOn", "Deze dag moet nog komen. Stuur het besluit op of na de dag waarop het is genomen.")
    latest = framework.valid_until(today)
    if not today <= said.valid_until <= latest:
        yield Fault("validUntil", f"Kies een dag van vandaag tot en met {latest:%d-%m-%Y}: langer geldt geen besluit.")
    if len({condition.id for condition in said.conditions}) < len(said.conditions):
        yield Fault("conditions", "Geef elke voorwaarde een eigen id.")
