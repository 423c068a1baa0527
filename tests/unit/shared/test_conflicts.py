"""Who may not weigh whose project, and through whom? (methods.md C, its example)"""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.conflicts import Chain, Tie, conflict_chain
from shared.contracts.vocabulary import RelationKind as Kind

TODAY = date(2026, 11, 24)
ING, ING_FONDS, JPF, DEN_HAAG, VNG = (UUID(int=n) for n in range(1, 6))
TIES = [
    Tie(ING_FONDS, Kind.DOCHTER_VAN, ING),
    Tie(ING_FONDS, Kind.FINANCIERT, JPF),
    Tie(DEN_HAAG, Kind.INDIENER, JPF),
    Tie(DEN_HAAG, Kind.LID_VAN, VNG),
]


def test_a_bank_conflicts_through_the_fund_that_is_its_daughter() -> None:
    assert conflict_chain([ING], [JPF], TIES, TODAY) == Chain(
        (ING, ING_FONDS, JPF), (Kind.DOCHTER_VAN, Kind.FINANCIERT)
    )


def test_the_umbrella_of_gemeenten_does_not_conflict_with_its_members() -> None:
    assert conflict_chain([VNG], [JPF, DEN_HAAG], TIES, TODAY) is None


def test_the_same_organisation_on_both_sides_is_a_conflict_by_itself() -> None:
    assert conflict_chain([VNG, DEN_HAAG], [DEN_HAAG], [], TODAY) == Chain((DEN_HAAG,))


def test_three_steps_are_too_far() -> None:
    assert conflict_chain([ING], [DEN_HAAG], TIES, TODAY) is None
    assert conflict_chain([ING_FONDS], [DEN_HAAG], TIES, TODAY) is not None


def test_a_relation_holds_on_its_last_day_and_not_after() -> None:
    ties = [Tie(ING_FONDS, Kind.DOCHTER_VAN, ING, until=TODAY)]
    assert conflict_chain([ING], [ING_FONDS], ties, TODAY)
    assert conflict_chain([ING], [ING_FONDS], ties, TODAY + timedelta(days=1)) is None


@pytest.mark.parametrize("kind", list(Kind))
def test_only_hard_relations_make_a_conflict(kind: Kind) -> None:
    assert (conflict_chain([ING], [JPF], [Tie(ING, kind, JPF)], TODAY) is not None) is kind.is_hard


STEADY = settings(derandomize=True, deadline=None)
ORGANISATIONS = st.integers(1, 6).map(lambda n: UUID(int=n))
WORLDS = st.lists(st.builds(Tie, ORGANISATIONS, st.sampled_from(Kind), ORGANISATIONS), max_size=12)


@STEADY
@given(WORLDS, st.sets(ORGANISATIONS, max_size=3), st.sets(ORGANISATIONS, max_size=3))
def test_the_order_of_what_is_known_does_not_matter(ties: list[Tie], one: set[UUID], other: set[UUID]) -> None:
    found = conflict_chain(one, other, ties, TODAY)
    assert conflict_chain(sorted(one, reverse=True), other, reversed(ties), TODAY) == found


@STEADY
@given(WORLDS, st.sets(ORGANISATIONS, max_size=3), st.sets(ORGANISATIONS, max_size=3))
def test_a_conflict_is_there_seen_from_either_side_and_every_step_of_it_is_real(
    ties: list[Tie], one: set[UUID], other: set[UUID]
) -> None:
    found = conflict_chain(one, other, ties, TODAY)
    assert (conflict_chain(other, one, ties, TODAY) is None) is (found is None)
    if found:
        known = {(frozenset((t.organisation, t.other)), t.kind) for t in ties}
        steps = zip(found.organisations, found.organisations[1:], found.kinds, strict=False)
        assert all((frozenset((a, b)), kind) in known and kind.is_hard for a, b, kind in steps)
        assert found.organisations[0] in one
        assert found.organisations[-1] in other
        assert len(found.kinds) <= 2
