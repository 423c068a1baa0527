"""Into which parts does the afwegingskader fall?"""

from shared.contracts.vocabulary import Criterion
from shared.reference.criteria import PARTS, part_named, parts_of


def test_there_are_seven_three_and_two_parts() -> None:
    assert [len(parts_of(criterion)) for criterion in Criterion] == [7, 3, 2]


def test_a_part_is_found_under_its_own_criterion_only() -> None:
    part = part_named(Criterion.WERKBAAR, "echte-clienten")
    assert part is not None
    assert part.question == "Zijn er echte cliënten mee geholpen?"
    assert part_named(Criterion.BESCHIKBAAR, "echte-clienten") is None


def test_no_slug_is_used_twice() -> None:
    assert len({part.slug for part in PARTS}) == len(PARTS)
