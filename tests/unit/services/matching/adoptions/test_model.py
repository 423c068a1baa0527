"""What may happen in an adoption, who says so, and what is over when it ends?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from services.matching.adoptions.model import (
    Adoption,
    AdoptionHasEnded,
    InvalidAdoption,
    Milestone,
    MilestoneState,
    Step,
    Viewer,
)
from services.matching.partnerships.model import (
    AlreadyPartner,
    InvalidPartnership,
    Partnership,
    PartnershipDecided,
    PartnershipState,
)
from shared.contracts.vocabulary import Means
from shared.refusals import UnknownEntity

TODAY = date(2026, 11, 24)
DEN_HAAG, BANK, PROJECT = UUID(int=1), UUID(int=2), UUID(int=3)
CLAIM = Partnership(UUID(int=4), BANK, Means.GELD, claimed_by=BANK, claimed_on=TODAY)
ADOPTION = Adoption(
    UUID(int=5),
    "GM0518",
    DEN_HAAG,
    PROJECT,
    project_version=1,
    budget_euro=50_000,
    may_be_named=False,
    started_on=TODAY,
).start()


def faulty_fields(change: Callable[[], object]) -> list[str]:
    with pytest.raises((InvalidAdoption, InvalidPartnership)) as refused:
        change()
    return [fault.field for fault in refused.value.faults]


def test_an_adoption_starts_with_ten_milestones_owned_by_the_gemeente_and_each_with_a_day() -> None:
    assert [m.step for m in ADOPTION.milestones] == list(Step)
    assert len(Step) == 10
    assert {m.owner for m in ADOPTION.milestones} == {DEN_HAAG}
    assert {m.state for m in ADOPTION.milestones} == {MilestoneState.OPEN}
    days = [m.due_on for m in ADOPTION.milestones]
    assert days == sorted(set(days))
    assert days[0] > TODAY
    assert all(step.label for step in Step)


def test_everything_that_is_wrong_at_the_start_is_named_at_once() -> None:
    wrong = replace(ADOPTION, gemeente="GM0000", project_version=0, budget_euro=-1)
    assert faulty_fields(wrong.start) == ["gemeente", "projectVersion", "budgetEuro"]


def test_a_milestone_moves_and_says_what_holds_it_up() -> None:
    due = TODAY + timedelta(days=3)
    changed = ADOPTION.with_milestone(Milestone(Step.WERKPLAN, BANK, due, MilestoneState.BUSY, "Wachten op de raad"))
    assert changed.milestones[1] == Milestone(Step.WERKPLAN, BANK, due, MilestoneState.BUSY, "Wachten op de raad")
    assert [m.step for m in changed.milestones] == list(Step)
    assert not changed.milestones[1].is_late(due)
    assert changed.milestones[1].is_late(due + timedelta(days=1))


def test_what_is_done_is_never_late_and_held_up_by_nothing() -> None:
    done = Milestone(Step.WERKPLAN, DEN_HAAG, TODAY, MilestoneState.DONE)
    assert not done.is_late(TODAY + timedelta(days=900))
    assert faulty_fields(lambda: ADOPTION.with_milestone(replace(done, blocker="Nog niet"))) == ["blocker"]
    assert faulty_fields(lambda: ADOPTION.with_milestone(replace(ADOPTION.milestones[0], blocker=" "))) == ["blocker"]


def test_a_claim_stays_a_concept_until_the_gemeente_confirms_it() -> None:
    claimed = ADOPTION.claim(CLAIM)
    assert claimed.partnership(CLAIM.id).state is PartnershipState.CONCEPT
    assert claimed.partners == frozenset()
    confirmed = claimed.confirm(CLAIM.id, TODAY)
    assert confirmed.partners == {BANK}
    assert confirmed.partnership(CLAIM.id).decided_on == TODAY


def test_a_refused_claim_says_why_and_may_be_made_again() -> None:
    refused = ADOPTION.claim(CLAIM).refuse(CLAIM.id, TODAY, "Dat klopt niet")
    assert refused.partners == frozenset()
    assert refused.partnership(CLAIM.id).refusal_reason == "Dat klopt niet"
    again = refused.claim(replace(CLAIM, id=UUID(int=6)))
    assert again.confirm(UUID(int=6), TODAY).partners == {BANK}
    assert faulty_fields(lambda: again.refuse(UUID(int=6), TODAY, "")) == ["reason"]


def test_the_gemeente_decides_once() -> None:
    confirmed = ADOPTION.claim(CLAIM).confirm(CLAIM.id, TODAY)
    with pytest.raises(PartnershipDecided):
        confirmed.confirm(CLAIM.id, TODAY)
    with pytest.raises(PartnershipDecided):
        confirmed.refuse(CLAIM.id, TODAY, "Toch niet")
    with pytest.raises(UnknownEntity):
        confirmed.confirm(UUID(int=9), TODAY)


def test_an_organisation_takes_part_in_a_role_once_and_the_gemeente_needs_no_claim() -> None:
    claimed = ADOPTION.claim(CLAIM)
    with pytest.raises(AlreadyPartner):
        claimed.claim(replace(CLAIM, id=UUID(int=6)))
    assert len(claimed.claim(replace(CLAIM, id=UUID(int=6), role=Means.MENSEN)).partnerships) == 2
    with pytest.raises(AlreadyPartner):
        ADOPTION.claim(replace(CLAIM, organisation=DEN_HAAG))


def test_whether_the_gemeente_may_be_named_can_change() -> None:
    assert ADOPTION.allow_naming(in_public=True).may_be_named
    assert not ADOPTION.allow_naming(in_public=True).allow_naming(in_public=False).may_be_named


def test_an_end_has_a_reason_and_does_not_come_before_the_start() -> None:
    ended = ADOPTION.end(TODAY, "Afgerond")
    assert (ended.ended_on, ended.end_reason) == (TODAY, "Afgerond")
    assert faulty_fields(lambda: ADOPTION.end(TODAY - timedelta(days=1), " ")) == ["reason", "endedOn"]


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.with_milestone(a.milestones[0]),
        lambda a: a.claim(replace(CLAIM, id=UUID(int=6), role=Means.MENSEN)),
        lambda a: a.confirm(CLAIM.id, TODAY),
        lambda a: a.refuse(CLAIM.id, TODAY, "Nee"),
        lambda a: a.end(TODAY, "Nog eens"),
    ],
)
def test_nothing_changes_any_more_once_it_has_ended(change: Callable[[Adoption], Adoption]) -> None:
    ended = ADOPTION.claim(CLAIM).end(TODAY, "Afgerond")
    with pytest.raises(AdoptionHasEnded, match="beëindigd op 24-11-2026"):
        change(ended)


def test_a_gemeente_may_take_its_name_back_also_after_the_end() -> None:
    ended = ADOPTION.allow_naming(in_public=True).end(TODAY, "Afgerond")
    assert not ended.allow_naming(in_public=False).may_be_named


INVITED = Partnership(UUID(int=7), UUID(int=8), Means.MENSEN, claimed_by=DEN_HAAG, claimed_on=TODAY)
BANKERS, VOLUNTEERS = Viewer(organisations=frozenset({BANK})), Viewer(organisations=frozenset({UUID(int=8)}))


def test_a_partner_sees_an_adoption_once_it_is_invited_or_confirmed_and_not_by_claiming() -> None:
    adoption = ADOPTION.claim(CLAIM).claim(INVITED)
    assert not adoption.is_seen_by(BANKERS)
    assert adoption.is_seen_by(VOLUNTEERS)
    assert not adoption.refuse(INVITED.id, TODAY, "Geen tijd").is_seen_by(VOLUNTEERS)
    assert adoption.confirm(CLAIM.id, TODAY).is_seen_by(BANKERS)
    assert not adoption.is_seen_by(Viewer(gemeente="GM0599"))
    assert adoption.is_seen_by(Viewer(gemeente="GM0518"))
    assert adoption.is_seen_by(Viewer(sees_all=True))


def test_what_others_claim_is_for_the_gemeente_alone() -> None:
    adoption = ADOPTION.claim(CLAIM).claim(INVITED)
    assert adoption.shown_to(VOLUNTEERS) == (INVITED,)
    assert adoption.shown_to(Viewer(gemeente="GM0518")) == (CLAIM, INVITED)
    assert len(adoption.confirm(CLAIM.id, TODAY).shown_to(VOLUNTEERS)) == 2
