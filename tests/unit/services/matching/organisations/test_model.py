"""What may the registry hold of an organisation, and where does it work?"""

from dataclasses import replace
from uuid import UUID

import pytest

from services.matching.organisations.model import (
    InvalidOrganisation,
    OnlyByProgrammeManager,
    Organisation,
    OrganisationHasEnded,
    Relation,
)
from shared.conflicts import Tie
from shared.contracts.vocabulary import Means, PartnerKind, Phase, RelationKind

BANK, FUND = UUID(int=1), UUID(int=2)
ING = Organisation(BANK, "ING", PartnerKind.BANK, regions=("NL",), means=(Means.GELD,), capacity_adoptions=5)
DEN_HAAG = Organisation(UUID(int=3), "Gemeente Den Haag", PartnerKind.GEMEENTE, gemeente="GM0518")


def faulty_fields(organisation: Organisation) -> list[str]:
    with pytest.raises(InvalidOrganisation) as refused:
        organisation.check()
    assert all(fault.message for fault in refused.value.faults)
    return [fault.field for fault in refused.value.faults]


def test_a_complete_organisation_is_accepted() -> None:
    ING.check()
    DEN_HAAG.check()


def test_everything_that_is_wrong_is_named_at_once() -> None:
    wrong = replace(
        ING,
        name=" ",
        gemeente="GM9999",
        regions=("GM0518", "PV99", "GM0518"),
        capacity_adoptions=-1,
        phases=(Phase.PLAN_MAKEN, Phase.PLAN_MAKEN),
        merged_into=BANK,
        relations=(Relation(BANK, RelationKind.EIGENAAR), Relation(BANK, RelationKind.EIGENAAR)),
    )
    assert faulty_fields(wrong) == [
        "name",
        "gemeente",
        "gemeente",
        "regions.1",
        "regions",
        "capacityAdoptions",
        "phases",
        "relations.0.organisation",
        "relations.1.organisation",
        "relations.1",
        "mergedInto",
        "active",
    ]


def test_a_gemeente_names_its_code_and_no_other_organisation_does() -> None:
    assert faulty_fields(replace(DEN_HAAG, gemeente=None, regions=("NL",))) == ["gemeente"]
    assert faulty_fields(replace(ING, gemeente="GM0518")) == ["gemeente"]


def test_an_organisation_says_where_it_works() -> None:
    assert faulty_fields(replace(ING, regions=())) == ["regions"]


@pytest.mark.parametrize(
    ("regions", "works_there"), [(("NL",), True), (("PV28",), True), (("GM0518",), True), (("PV27",), False)]
)
def test_it_works_in_every_gemeente_of_its_regions(regions: tuple[str, ...], works_there: bool) -> None:
    assert replace(ING, regions=regions).covers("GM0518") is works_there


def test_a_gemeente_works_in_itself_without_saying_so() -> None:
    assert DEN_HAAG.covers("GM0518")
    assert not DEN_HAAG.covers("GM0599")


def test_an_organisation_that_went_up_in_another_changes_no_more() -> None:
    ended = replace(ING, merged_into=FUND, active=False)
    ended.check()
    with pytest.raises(OrganisationHasEnded):
        ended.check_goes_on()


def test_its_relations_are_what_a_conflict_can_run_through() -> None:
    fund = replace(ING, id=FUND, relations=(Relation(BANK, RelationKind.DOCHTER_VAN),))
    assert fund.ties == (Tie(FUND, RelationKind.DOCHTER_VAN, BANK),)


def test_an_organisation_that_it_names_must_be_in_the_registry() -> None:
    stranger, other = UUID(int=901), UUID(int=902)
    naming = replace(
        ING, relations=(Relation(stranger, RelationKind.FINANCIERT),), merged_into=other, active=False
    )  # fmt: skip
    assert naming.others == {stranger, other}
    with pytest.raises(InvalidOrganisation) as refused:
        naming.check(unknown=naming.others)
    assert [fault.field for fault in refused.value.faults] == ["relations.0.organisation", "mergedInto"]


def test_an_organisation_does_not_say_itself_what_it_is() -> None:
    ING.check_own_words(replace(ING, name="Anders", means=()))
    with pytest.raises(OnlyByProgrammeManager) as refused:
        ING.check_own_words(replace(ING, kind=PartnerKind.FONDS, merged_into=UUID(int=903)))
    assert [fault.field for fault in refused.value.faults] == ["kind", "mergedInto"]
