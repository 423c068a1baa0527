"""What may be saved, what may be submitted, and what becomes of a project after that?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submission.projects.model import (
    MOST_EVIDENCE,
    AlreadyBeingRevised,
    Description,
    Evidence,
    IncompleteProject,
    Involvement,
    NothingToEdit,
    NotOnOffer,
    Project,
    State,
)
from shared.contracts.events import ProjectSubmitted
from shared.contracts.vocabulary import Criterion, Phase, RelationKind, TargetGroup

TODAY, TOMORROW = date(2026, 11, 24), date(2026, 11, 25)
OWNER, FUND = UUID(int=1), UUID(int=2)

EVIDENCE = Evidence(
    UUID(int=9), Criterion.WERKBAAR, "echte-clienten", "https://example.nl/jpf", "53 jongeren van schuld af"
)
COMPLETE = Description(
    title="Jongeren Perspectief Fonds",
    summary="Een fonds neemt schulden van jongeren over.",
    phases=(Phase.SCHULD_AFBOUWEN, Phase.PLAN_MAKEN),
    target_groups=(TargetGroup.JONGEREN,),
    available_from=TODAY,
    effort_fte=0.5,
    cost_euro=100_000,
    involvements=(Involvement(FUND, RelationKind.FINANCIERT),),
    evidence=(EVIDENCE,),
)


def project(concept: Description | None = COMPLETE) -> Project:
    return Project(UUID(int=7), OWNER, concept)


def fields(refusal: pytest.ExceptionInfo[IncompleteProject]) -> set[str]:
    return {fault.field for fault in refusal.value.faults}


def submitted(of: Project) -> ProjectSubmitted:
    version = of.latest
    assert version is not None
    return ProjectSubmitted.of(
        version.description, project=of.id, project_version=version.number, submitted_on=version.submitted_on
    )


def test_a_concept_may_miss_everything_and_is_saved() -> None:
    assert project(Description()).write(Description(title="Nog maar een naam")).concept == Description(
        title="Nog maar een naam"
    )


def test_submitting_an_empty_concept_names_everything_that_is_missing_at_once() -> None:
    with pytest.raises(IncompleteProject) as refusal:
        project(Description()).submit(TODAY)
    assert fields(refusal) == {
        "title", "summary", "phases", "targetGroups", "availableFrom", "effortFte", "costEuro", "evidence",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": "   "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"summary": "x" * 4001}, "summary"),
        ({"effort_fte": -0.1}, "effortFte"),
        ({"effort_fte": float("nan")}, "effortFte"),
        ({"cost_euro": -1}, "costEuro"),
        ({"regions": ("GM0518", "Den Haag")}, "regions.1"),
        ({"regions": ("GM0518", "GM0518", "Den Haag")}, "regions.2"),
        ({"evidence": (replace(EVIDENCE, part="nu-beschikbaar"),)}, "evidence.0.part"),
        ({"evidence": (EVIDENCE, replace(EVIDENCE, link="bij ons op kantoor"))}, "evidence.1.link"),
        ({"evidence": (replace(EVIDENCE, quote=" "),)}, "evidence.0.quote"),
        ({"evidence": (EVIDENCE,) * 41}, "evidence"),
        ({"evidence": (replace(EVIDENCE, quote="é" * 1000),) * 20}, "evidence"),
        (
            {"involvements": tuple(Involvement(UUID(int=n), RelationKind.VOERT_UIT) for n in range(2, 52))},
            "involvements",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_field(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(IncompleteProject) as refusal:
        project(replace(COMPLETE, **wrong)).submit(TODAY)  # type: ignore[arg-type]  # fields by name
    assert fields(refusal) == {field}


def test_a_complete_concept_becomes_version_1_and_can_be_told_to_others() -> None:
    offered = project().submit(TODAY)
    assert (offered.state, offered.concept) == (State.SUBMITTED, None)
    told = submitted(offered)
    assert (told.project_version, told.title, told.evidence[0].quote) == (1, COMPLETE.title, EVIDENCE.quote)


def test_whoever_submits_is_always_among_the_organisations_behind_the_project() -> None:
    assert Involvement(OWNER, RelationKind.INDIENER) in [
        Involvement(i.organisation, i.relation) for i in submitted(project().submit(TODAY)).involvements
    ]
    stated = replace(COMPLETE, involvements=(Involvement(OWNER, RelationKind.EIGENAAR),))
    assert len(submitted(project(stated).submit(TODAY)).involvements) == 1


def test_forty_nine_organisations_and_the_submitter_fit_into_the_event() -> None:
    others = tuple(Involvement(UUID(int=n), RelationKind.VOERT_UIT) for n in range(2, 51))
    assert len(submitted(project(replace(COMPLETE, involvements=others)).submit(TODAY)).involvements) == 50


def test_a_submitted_version_stands_fast_until_a_next_one_is_begun() -> None:
    offered = project().submit(TODAY)
    with pytest.raises(NothingToEdit):
        offered.write(COMPLETE)
    with pytest.raises(NothingToEdit):
        offered.submit(TODAY)


def test_the_next_version_begins_with_the_last_one_and_leaves_it_as_it_was() -> None:
    first = project().submit(TODAY)
    revised = first.revise()
    assert revised.concept is not None
    second = revised.write(replace(revised.concept, title="JPF, herzien")).submit(TOMORROW)
    assert [(v.number, v.description.title) for v in second.versions] == [(1, COMPLETE.title), (2, "JPF, herzien")]
    assert second.versions[0] == first.versions[0]
    with pytest.raises(AlreadyBeingRevised):
        revised.revise()
    with pytest.raises(AlreadyBeingRevised):
        project().revise()


def test_saving_the_text_keeps_the_evidence() -> None:
    kept = project().write(replace(COMPLETE, title="Andere naam", evidence=())).concept
    assert kept is not None
    assert kept.evidence == (EVIDENCE,)


def test_evidence_is_added_changed_and_taken_away_by_its_id() -> None:
    more = replace(EVIDENCE, id=UUID(int=10), part="zichtbare-resultaten")
    both = project().add_evidence(more)
    changed = both.add_evidence(replace(more, quote="Beter gezegd"))
    assert changed.editable.evidence == (EVIDENCE, replace(more, quote="Beter gezegd"))
    assert changed.remove_evidence(EVIDENCE.id).remove_evidence(EVIDENCE.id).editable.evidence == (
        replace(more, quote="Beter gezegd"),
    )


def test_a_concept_never_holds_more_evidence_than_can_be_submitted() -> None:
    full = project(replace(COMPLETE, evidence=tuple(replace(EVIDENCE, id=UUID(int=n)) for n in range(MOST_EVIDENCE))))
    with pytest.raises(IncompleteProject) as refusal:
        full.add_evidence(replace(EVIDENCE, id=UUID(int=99)))
    assert fields(refusal) == {"evidence"}
    changed = full.add_evidence(replace(EVIDENCE, id=UUID(int=0), quote="54 jongeren")).editable.evidence
    assert (len(changed), changed[0].quote) == (MOST_EVIDENCE, "54 jongeren")


def test_evidence_for_a_part_that_the_criterion_does_not_have_is_refused_at_once() -> None:
    with pytest.raises(IncompleteProject) as refusal:
        project().add_evidence(replace(EVIDENCE, part="snel-in-te-voeren"))
    assert fields(refusal) == {"evidence.part"}


def test_a_withdrawn_project_is_off_the_offer_until_its_next_version() -> None:
    withdrawn = project().submit(TODAY).withdraw("De financiering stopt.", TODAY)
    assert (withdrawn.state, withdrawn.withdrawn_on) == (State.WITHDRAWN, TODAY)
    with pytest.raises(NotOnOffer):
        withdrawn.withdraw("Nog eens", TOMORROW)
    back = withdrawn.revise().submit(TOMORROW)
    assert (back.state, back.withdrawal_reason, len(back.versions)) == (State.SUBMITTED, None, 2)


def test_what_was_never_submitted_cannot_be_withdrawn_and_a_withdrawal_has_a_reason() -> None:
    with pytest.raises(NotOnOffer):
        project().withdraw("Toch niet", TODAY)
    with pytest.raises(IncompleteProject) as refusal:
        project().submit(TODAY).withdraw(" ", TODAY)
    assert fields(refusal) == {"reason"}


descriptions = st.builds(
    Description,
    title=st.none() | st.text(max_size=310),
    summary=st.none() | st.text(max_size=100),
    phases=st.lists(st.sampled_from(Phase), max_size=9).map(tuple),
    target_groups=st.lists(st.sampled_from(TargetGroup), max_size=7).map(tuple),
    regions=st.lists(st.sampled_from(["GM0518", "PV28", "NL", "GM0363", "0518"]), max_size=4).map(tuple),
    available_from=st.none() | st.dates(),
    effort_fte=st.none() | st.floats(),
    cost_euro=st.none() | st.integers(),
    evidence=st.lists(
        st.builds(
            Evidence,
            st.uuids(),
            st.sampled_from(Criterion),
            st.sampled_from(["echte-clienten", "nu-beschikbaar", "onzin"]),
            st.sampled_from(["https://example.nl", "ftp://example.nl", ""]),
            st.text(max_size=20),
        ),
        max_size=3,
    ).map(tuple),
)


@given(descriptions)
def test_what_is_submitted_always_fits_its_event(described: Description) -> None:
    if described.faults():
        with pytest.raises(IncompleteProject):
            project(described).submit(TODAY)
    else:
        assert submitted(project(described).submit(TODAY)).project_version == 1
