"""/v1/gemeenten/{code}/suggestions and /feedback: what fits this gemeente, why, what would change it, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field as Limits

from services.matching.gemeenten.http import Own, Reader, own_code, readable_code
from services.matching.scoring.model import FOLLOW_UP, WEIGHTS, Answer, Project, Term
from services.matching.suggestions import operations, store
from services.matching.suggestions.model import Change, Exclusion, Field, KeptList, Reason, Suggestion
from services.matching.suggestions.operations import Effect
from services.matching.suggestions.store import Given
from shared.contracts.vocabulary import Means, PartnerKind, Phase, TargetGroup
from shared.web import Body, IfMatch, Page, Paging, Result, Today, Tx, service_router

router = service_router("/gemeenten/{code}", tag="Suggestions")


class ReasonResult(Result):
    """One term of a score, in tenths of a point. `reference` is the median that `value` is compared with.

    `shown`: it is one of the four that weigh most.
    """

    term: Term
    tenths: int
    value: float
    reference: float
    source: str
    period: str
    rule_version: str
    shown: bool


class ChangeResult(Result):
    """What one thing that is otherwise does to this project: the tenths it brings or takes, and whether it enters or leaves
    the list. `phase` is of a phase that is covered or freed."""

    field: Field
    phase: Phase | None
    tenths: int
    enters: bool
    leaves: bool


class SuggestionResult(Result):
    """A project that fits. The tenths of its reasons add up to `scoreTenths` exactly."""

    place: int
    project: UUID
    title: str
    phases: list[Phase]
    target_groups: list[TargetGroup]
    effort_fte: float | None
    cost_euro: int | None
    needed_kinds: list[PartnerKind]
    needed_means: list[Means]
    score_tenths: int
    reasons: list[ReasonResult]
    changes: list[ChangeResult]


class SuggestionsResult(Result):
    """The list of today, best first; each project is the best given the phases that those above it offer."""

    gemeente: str
    made_on: date
    rule_version: str
    items: list[SuggestionResult]


class ExcludedResult(Result):
    """A project that is never shown to this gemeente, whatever its score, and why."""

    project: UUID
    title: str
    because: Exclusion


class FeedbackBody(Body):
    """What the gemeente says of a project. `note` is its own explanation."""

    project: UUID
    kind: Answer
    note: Annotated[str | None, Limits(max_length=4000)] = None


class FeedbackResult(Result):
    """An answer. `followUp` is what is asked next, or where the answer goes."""

    project: UUID
    kind: Answer
    note: str | None
    given_on: date
    follow_up: str | None

    @classmethod
    def of(cls, given: Given) -> FeedbackResult:
        """As it counts."""
        return cls(
            revision=given.revision,
            project=given.project,
            kind=given.answer,
            note=given.note,
            given_on=given.given_on,
            follow_up=FOLLOW_UP.get(given.answer),
        )


class EffectResult(FeedbackResult):
    """An answer and what it did: the project's place in the list before and after; null is not in the list."""

    place_before: int | None
    place_after: int | None

    @classmethod
    def of_effect(cls, effect: Effect) -> EffectResult:
        """With the places."""
        told = FeedbackResult.of(effect.given).model_dump(by_alias=False)
        places = {"place_before": effect.place_before, "place_after": effect.place_after}
        return cls.model_validate({**told, **places})


class KeptSuggestionResult(Result):
    """A project as it stood in a list that was kept."""

    project: UUID
    score_tenths: int
    reasons: list[ReasonResult]


class KeptListResult(Result):
    """A list as the gemeente got it, so that each reason can be checked."""

    id: UUID
    made_on: date
    rule_version: str
    suggestions: list[KeptSuggestionResult]

    @classmethod
    def of(cls, kept: KeptList) -> KeptListResult:
        """As it was."""
        told = [
            KeptSuggestionResult(project=s.project, score_tenths=s.score, reasons=_reasons(s)) for s in kept.suggestions
        ]
        return cls(id=kept.id, made_on=kept.made_on, rule_version=kept.rule_version, suggestions=told)


def _reasons(suggestion: Suggestion) -> list[ReasonResult]:
    return [_reason(reason, shown=reason in suggestion.shown) for reason in suggestion.reasons]


def _reason(reason: Reason, *, shown: bool) -> ReasonResult:
    return ReasonResult(
        term=reason.term,
        tenths=reason.tenths,
        value=reason.value,
        reference=reason.reference,
        source=reason.source,
        period=reason.period,
        rule_version=reason.rule_version,
        shown=shown,
    )


def _suggestion(place: int, found: Suggestion, project: Project, changes: Sequence[Change]) -> SuggestionResult:
    return SuggestionResult(
        place=place,
        project=project.id,
        title=project.title,
        phases=[phase for phase in Phase if phase in project.phases],
        target_groups=[group for group in TargetGroup if group in project.target_groups],
        effort_fte=project.effort_fte,
        cost_euro=project.cost_euro,
        needed_kinds=sorted(project.needed_kinds),
        needed_means=sorted(project.needed_means),
        score_tenths=found.score,
        reasons=_reasons(found),
        changes=[ChangeResult.model_validate(change, from_attributes=True) for change in changes],
    )


@router.get("/suggestions")
async def list_suggestions(code: str, caller: Reader, tx: Tx, today: Today) -> SuggestionsResult:
    """The projects that fit this gemeente best today."""
    gemeente = readable_code(code, caller, today)
    among = await operations.choice(tx, gemeente, today)
    listed = (await among.suggestions(today)).listed
    return SuggestionsResult(
        gemeente=gemeente,
        made_on=today,
        rule_version=WEIGHTS.version,
        items=[
            _suggestion(place, found, among.projects[found.project], await among.changes(found.project, today))
            for place, found in enumerate(listed, 1)
        ],
    )


@router.get("/suggestions/excluded")
async def list_excluded(code: str, caller: Reader, tx: Tx, page: Paging, today: Today) -> Page[ExcludedResult]:
    """The projects that were left out before anything was scored, each with the first reason."""
    among = await operations.choice(tx, readable_code(code, caller, today), today)
    excluded, after = (await among.suggestions(today)).excluded, page.after_uuid
    left = sorted(project for project in excluded if after is None or project > after)[: page.limit + 1]
    results = [ExcludedResult(project=p, title=among.projects[p].title, because=excluded[p]) for p in left]
    return Page.of(results, page, lambda result: result.project, lambda result: result)


@router.get("/suggestion-lists")
async def list_kept(code: str, caller: Reader, tx: Tx, page: Paging, today: Today) -> Page[KeptListResult]:
    """The lists that were kept, newest first: daily where the list differs, and before and after each answer."""
    kept = await store.kept(tx, readable_code(code, caller, today), page.after_uuid, page.limit + 1)
    return Page.of(kept, page, lambda found: found.id, KeptListResult.of)


@router.post("/feedback", status_code=201)
async def give_feedback(code: str, body: FeedbackBody, caller: Own, tx: Tx, today: Today) -> EffectResult:
    """What the gemeente says of a project, in the place of what it said before. It changes the next list."""
    gemeente = own_code(code, caller, today)
    effect = await operations.answer(tx, gemeente, body.project, body.kind, today, note=body.note)
    return EffectResult.of_effect(effect)


@router.get("/feedback")
async def list_feedback(code: str, caller: Reader, tx: Tx, page: Paging, today: Today) -> Page[FeedbackResult]:
    """What the gemeente said, by project."""
    gemeente = readable_code(code, caller, today)
    given = await store.answers_page(tx, gemeente, page.after_uuid, page.limit + 1)
    return Page.of(given, page, lambda answer: answer.project, FeedbackResult.of)


@router.delete("/feedback/{project}")
async def take_back_feedback(
    code: str, project: UUID, if_match: IfMatch, caller: Own, tx: Tx, today: Today
) -> EffectResult:
    """Takes an answer back. If-Match is the answer's."""
    effect = await operations.take_back(tx, own_code(code, caller, today), project, today, if_match)
    return EffectResult.of_effect(effect)
