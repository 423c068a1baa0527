"""What follows from what is declared, and nothing beyond it."""

from __future__ import annotations

import pytest

from deploy.access.model import Acl, Declared, Member, Pattern, Permission, Resource, declared, nobodys
from shared.access import Access, BadAccess, Publisher, Right, Subscriber

FUND = Publisher("fund", "00000099000000010002", (Right("funding-secured"), Right("project-submitted")))
BOARD = Subscriber("board", frozenset({"releases"}))
ACCESS = Access({"fund": FUND}, {"board": BOARD})
MEMBERS = (
    Member("matching", {"adoptions"}, {"projects"}),
    Member("submission", {"projects"}, ()),
    Member("impact", (), ()),
)
DOMAIN = "nl.schuldhulpprojecten"


def wanted(access: Access = ACCESS) -> Declared:
    return declared(MEMBERS, access, {"admin"})


def of(user: str) -> set[str]:
    return {str(acl) for acl in wanted().acls if acl.user == user}


def test_a_service_may_read_what_it_hears_and_says_and_write_what_it_says() -> None:
    assert of("matching") == {
        "matching may DESCRIBE_CONFIGS topic adoptions",
        "matching may DESCRIBE_CONFIGS topic projects",
        "matching may READ topic adoptions",
        "matching may READ topic projects",
        "matching may WRITE topic adoptions",
        "matching may READ group matching",
        "matching may READ group matching.inbound",
        "matching may READ topic inbound.fund.funding-secured",
        "matching may WRITE topic refusals.fund",
    }


def test_a_service_that_owns_nothing_that_is_published_takes_nothing_in() -> None:
    assert of("impact") == {"impact may READ group impact"}


def test_an_outsider_may_do_what_is_declared_in_topics_and_groups_that_bear_its_name() -> None:
    assert of("fund") == {
        "fund may WRITE topic inbound.fund.funding-secured",
        "fund may WRITE topic inbound.fund.project-submitted",
        "fund may READ topic refusals.fund",
        "fund may READ groups that begin with fund.",
    }
    assert of("board") == {f"board may READ topic {DOMAIN}.releases", "board may READ groups that begin with board."}


def test_every_prefix_ends_with_a_dot_and_nothing_but_groups_has_one() -> None:
    prefixed = [acl for acl in wanted().acls if acl.pattern == Pattern.PREFIXED]
    assert prefixed
    assert all(acl.name.endswith(".") and acl.resource == Resource.GROUP for acl in prefixed)


def test_nobody_is_denied_anything_and_nothing_is_allowed_to_everybody() -> None:
    assert {(acl.permission, acl.host) for acl in wanted().acls} == {(Permission.ALLOW, "*")}
    assert {acl.user for acl in wanted().acls} == {"matching", "submission", "impact", "fund", "board"}


def test_topics_between_us_and_outsiders_are_kept_for_a_day_and_what_was_refused_for_thirty() -> None:
    kept = {topic.name: topic.config["retention.ms"] for topic in wanted().topics}
    day = 24 * 60 * 60 * 1000
    assert kept == {
        "inbound.fund.funding-secured": str(day),
        "inbound.fund.project-submitted": str(day),
        "refusals.fund": str(30 * day),
    }
    assert {topic.config["max.message.bytes"] for topic in wanted().topics} == {"262144"}


def test_topics_of_who_is_gone_are_named() -> None:
    there = ["inbound.fund.funding-secured", "inbound.gone.x", "refusals.gone", f"{DOMAIN}.projects", "inbounds"]
    assert nobodys(there, ACCESS) == ["inbound.gone.x", "refusals.gone"]


@pytest.mark.parametrize("name", ["matching", "admin"])
def test_an_outsider_that_bears_anothers_name_is_refused(name: str) -> None:
    with pytest.raises(BadAccess, match=name):
        wanted(Access({}, {name: Subscriber(name, frozenset({"releases"}))}))


def test_an_entry_that_is_not_ours_can_be_read_too() -> None:
    strange = Acl("User:*", 4, "kafka-cluster", 5, permission=Permission.DENY, host="10.0.0.1")
    assert str(strange) == "* may not OPERATION_5 resource_4 kafka-cluster from 10.0.0.1"
