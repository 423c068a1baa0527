"""Who could join an adoption, how well would each fit, and why are the others left out?"""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.organisations.model import Organisation, Relation
from services.matching.partnering.model import MOST, Candidate, Ground, PartnerExclusion, Search, candidates
from shared.contracts.vocabulary import Means, PartnerKind, Phase, RelationKind, TargetGroup

STEADY = settings(derandomize=True, deadline=None)
TODAY = date(2026, 11, 24)
DEN_HAAG, CREDITOR = UUID(int=1), UUID(int=2)

SEARCH = Search(
    "GM0518",
    DEN_HAAG,
    frozenset({Phase.PLAN_MAKEN, Phase.SCHULD_AFBOUWEN, Phase.VINGER_AAN_DE_POLS}),
    frozenset({TargetGroup.JONGEREN}),
    needed_means=frozenset({Means.GELD, Means.MENSEN}),
    needed_kinds=frozenset({PartnerKind.FONDS}),
)
FONDS_1818 = Organisation(
    UUID(int=11),
    "Fonds 1818",
    PartnerKind.FONDS,
    regions=("PV28",),
    phases=(Phase.PLAN_MAKEN, Phase.SCHULD_AFBOUWEN),
    target_groups=(TargetGroup.JONGEREN,),
    means=(Means.GELD,),
    capacity_adoptions=3,
)
HUMANITAS = Organisation(
    UUID(int=12),
    "Humanitas",
    PartnerKind.VRIJWILLIGERS,
    regions=("NL",),
    phases=(Phase.VINGER_AAN_DE_POLS,),
    means=(Means.MENSEN,),
    capacity_adoptions=9,
)


def only(organisation: Organisation, search: Search = SEARCH, *others: Organisation) -> Candidate:
    found = {c.organisation: c for c in candidates(search, [organisation, *others], {}, TODAY).listed}
    return found[organisation.id]


def points(candidate: Candidate) -> list[int]:
    return [reason.points for reason in candidate.reasons]


def test_who_fits_best_comes_first_with_reasons_that_add_up() -> None:
    listed = candidates(SEARCH, [HUMANITAS, FONDS_1818], {}, TODAY).listed
    assert [(c.organisation, c.fit, points(c)) for c in listed] == [
        (FONDS_1818.id, 57, [20, 12, 15, 10, 0]),
        (HUMANITAS.id, 31, [20, 6, 5, 0, 0]),
    ]
    assert [reason.found for reason in listed[0].reasons] == [
        ("geld",),
        ("province",),
        ("jongeren", "plan-maken", "schuld-afbouwen"),
        ("fonds",),
        (),
    ]


def test_a_perfect_partner_has_a_hundred() -> None:
    perfect = replace(
        FONDS_1818,
        regions=("GM0518",),
        phases=tuple(Phase),
        means=tuple(Means),
        relations=(Relation(DEN_HAAG, RelationKind.CONVENANT_MET),),
    )
    assert only(perfect).fit == sum(MOST.values()) == 100


@pytest.mark.parametrize(("regions", "near"), [(("GM0518", "NL"), 20), (("PV28",), 12), (("NL",), 6)])
def test_nearer_is_better(regions: tuple[str, ...], near: int) -> None:
    assert points(only(replace(FONDS_1818, regions=regions)))[1] == near


def test_a_role_that_somebody_fills_already_is_open_no_longer() -> None:
    filled = replace(SEARCH, present={CREDITOR: frozenset({Means.GELD})})
    assert filled.open_roles == {Means.MENSEN}
    assert points(only(FONDS_1818, filled))[0] == 0
    assert points(only(HUMANITAS, filled))[0] == 40


def test_a_relation_to_who_takes_part_counts_from_either_side_while_it_holds() -> None:
    search = replace(SEARCH, present={CREDITOR: frozenset()})
    creditor = replace(HUMANITAS, id=CREDITOR, relations=(Relation(FONDS_1818.id, RelationKind.LID_VAN, until=TODAY),))
    bound = replace(FONDS_1818, relations=(Relation(CREDITOR, RelationKind.LID_VAN),))
    assert points(only(bound, search))[4] == 10
    assert only(FONDS_1818, search, creditor).reasons[4].found == (str(CREDITOR),)
    later = candidates(search, [FONDS_1818, creditor], {}, TODAY + timedelta(days=1)).listed
    assert points(later[0])[4] == 0


@pytest.mark.parametrize(
    ("organisation", "search", "taken", "because"),
    [
        (FONDS_1818, replace(SEARCH, present={FONDS_1818.id: frozenset()}), 0, PartnerExclusion.PRESENT),
        (replace(FONDS_1818, id=DEN_HAAG), SEARCH, 0, PartnerExclusion.PRESENT),
        (replace(FONDS_1818, active=False), SEARCH, 0, PartnerExclusion.INACTIVE),
        (FONDS_1818, SEARCH, 3, PartnerExclusion.FULL),
        (replace(FONDS_1818, regions=("PV27",)), SEARCH, 0, PartnerExclusion.REGION),
        (replace(FONDS_1818, phases=(Phase.KENNISMAKING,), target_groups=()), SEARCH, 0, PartnerExclusion.THEME),
        (FONDS_1818, replace(SEARCH, conflicts=frozenset({FONDS_1818.id})), 0, PartnerExclusion.CONFLICT),
    ],
)
def test_who_can_never_join_is_left_out_and_the_reason_is_there(
    organisation: Organisation, search: Search, taken: int, because: PartnerExclusion
) -> None:
    found = candidates(search, [organisation, HUMANITAS], {organisation.id: taken}, TODAY)
    assert found.excluded == {organisation.id: because}
    assert [c.organisation for c in found.listed] == [HUMANITAS.id]


def test_the_last_place_left_can_still_be_taken() -> None:
    assert candidates(SEARCH, [FONDS_1818], {FONDS_1818.id: 2}, TODAY).listed


ORGANISATIONS = st.lists(
    st.builds(
        Organisation,
        st.integers(1, 40).map(lambda n: UUID(int=n)),
        st.just("Een organisatie"),
        st.sampled_from([kind for kind in PartnerKind if kind is not PartnerKind.GEMEENTE]),
        regions=st.sampled_from([("NL",), ("PV28",), ("GM0518",), ("PV27",), ("GM0518", "NL")]),
        phases=st.lists(st.sampled_from(Phase), unique=True).map(tuple),
        target_groups=st.lists(st.sampled_from(TargetGroup), unique=True).map(tuple),
        means=st.lists(st.sampled_from(Means), unique=True).map(tuple),
        capacity_adoptions=st.integers(0, 2),
        relations=st.lists(
            st.builds(Relation, st.integers(1, 40).map(lambda n: UUID(int=n)), st.sampled_from(RelationKind)),
            max_size=3,
        ).map(tuple),
        active=st.booleans(),
    ),
    max_size=10,
    unique_by=lambda organisation: organisation.id,
)


@STEADY
@given(ORGANISATIONS)
def test_a_fit_is_the_sum_of_its_reasons_and_no_limit_is_broken(organisations: list[Organisation]) -> None:
    found = candidates(SEARCH, organisations, {}, TODAY)
    by_id = {organisation.id: organisation for organisation in organisations}
    for candidate in found.listed:
        organisation = by_id[candidate.organisation]
        assert 0 <= candidate.fit == sum(points(candidate)) <= 100
        assert all(reason.points <= MOST[reason.ground] for reason in candidate.reasons)
        assert [reason.ground for reason in candidate.reasons] == list(Ground)
        assert organisation.active
        assert organisation.capacity_adoptions > 0
        assert organisation.covers("GM0518")
    assert {c.organisation for c in found.listed} | set(found.excluded) == set(by_id)


@STEADY
@given(ORGANISATIONS, st.randoms(use_true_random=False))
def test_the_order_in_which_organisations_come_in_does_not_matter(
    organisations: list[Organisation], order: Random
) -> None:
    shuffled = order.sample(organisations, len(organisations))
    assert candidates(SEARCH, shuffled, {}, TODAY) == candidates(SEARCH, organisations, {}, TODAY)


@STEADY
@given(ORGANISATIONS, st.sampled_from(Means))
def test_bringing_more_never_makes_a_worse_fit(organisations: list[Organisation], brings: Means) -> None:
    before = {c.organisation: c.fit for c in candidates(SEARCH, organisations, {}, TODAY).listed}
    richer = [replace(o, means=tuple({*o.means, brings})) for o in organisations]
    after = {c.organisation: c.fit for c in candidates(SEARCH, richer, {}, TODAY).listed}
    assert all(after[organisation] >= fit for organisation, fit in before.items())
