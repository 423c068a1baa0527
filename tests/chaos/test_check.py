"""The checker on a recorded run: it finds nothing in it as it was, and everything that is done to log and commands."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from tests.chaos.check import check
from tests.chaos.check_log import Reading
from tests.chaos.editing import TOPIC, changed, command, found, told, with_, without
from tests.chaos.findings import Forgiven, Kind
from tests.chaos.history import History


def test_a_run_without_faults_has_no_finding(as_recorded: History) -> None:
    verdict = check(as_recorded)
    assert list(verdict.findings) == []
    assert verdict.acknowledged > 300
    assert verdict.unknown == verdict.raw_duplicates == 0


def test_the_recorded_run_has_commands_and_events_of_every_kind(as_recorded: History) -> None:
    kinds = {each.kind for each in as_recorded.ledger.done()}
    assert kinds >= {
        "submit",
        "withdraw",
        "release",
        "adopt",
        "naming",
        "commit",
        "take-back",
        "observe",
        "correct",
        "end",
    }
    assert len({each.name for each in Reading.of(as_recorded.log).told}) == 11


class TestTheLog:
    def test_a_lost_event_in_the_middle_of_a_life(self, run: History) -> None:
        last = told(run, "ImpactRecorded")
        gone = next(e for e in Reading.of(run.log).by_entity()[last.key] if e.sequence == last.sequence - 1)
        assert found(without(run, gone.record), Kind.LOST, gone.entity, TOPIC)

    def test_a_lost_last_event_that_leaves_no_gap(self, run: History) -> None:
        gone = told(run, "AdoptionEnded")
        kinds = {f.where for f in found(without(run, gone.record), Kind.LOST, gone.entity)}
        assert f"{TOPIC}adoptions" in kinds

    def test_two_events_of_one_entity_swapped(self, run: History) -> None:
        last = told(run, "ImpactRecorded")
        first, second = Reading.of(run.log).by_entity()[last.key][-2:]
        at = first.record.offset, second.record.offset
        swapped = [replace(first.record, offset=at[1]), replace(second.record, offset=at[0])]
        assert found(with_(without(run, first.record, second.record), *swapped), Kind.REORDERED, last.entity)

    def test_a_record_that_came_twice_is_counted_and_is_no_finding(self, run: History) -> None:
        again = changed(told(run, "ProjectSubmitted").record)
        verdict = check(with_(run, again))
        assert (verdict.raw_duplicates, list(verdict.findings)) == (1, [])

    def test_the_same_id_with_other_contents(self, run: History) -> None:
        event = told(run, "AdoptionEnded")
        other = replace(changed(event.record), value="{}")
        assert found(with_(run, other), Kind.FORK, event.entity)

    def test_one_version_under_two_ids(self, run: History) -> None:
        event = told(run, "ProjectSubmitted")
        assert found(with_(run, changed(event.record, id=str(uuid4()))), Kind.FORK, event.entity, TOPIC)

    def test_an_entity_on_two_partitions(self, run: History) -> None:
        event = told(run, "ImpactRecorded")
        moved = replace(event.record, partition=event.record.partition + 1)
        assert found(with_(without(run, event.record), moved), Kind.REORDERED, event.entity)

    def test_a_record_that_is_no_event(self, run: History) -> None:
        strange = replace(told(run, "ProjectSubmitted").record, offset=99, headers={})
        assert found(with_(run, strange), Kind.PHANTOM, ":99")


class TestCommandsAndEvents:
    @pytest.mark.parametrize(
        "name",
        [
            "ProjectSubmitted",
            "ProjectWithdrawn",
            "ProjectAssessed",
            "OrganisationChanged",
            "AdoptionStarted",
            "PartnershipFormed",
            "FundingSecured",
            "FundingReopened",
            "AdoptionEnded",
            "ImpactRecorded",
        ],
    )
    def test_an_event_that_was_never_said(self, run: History, name: str) -> None:
        event = next(e for e in Reading.of(run.log).told if e.name == name)
        findings = found(without(run, event.record), Kind.LOST, event.entity, event.record.topic)
        assert any(name in finding.text for finding in findings)

    def test_an_event_that_was_said_twice_each_with_its_own_id_and_version(self, run: History) -> None:
        event = told(run, "AdoptionEnded")
        again = changed(event.record, id=str(uuid4()), sequence=str(event.sequence + 1))
        assert found(with_(run, again), Kind.DOUBLED, event.entity)

    def test_funding_that_was_secured_once_too_often(self, run: History) -> None:
        lives = Reading.of(run.log).by_entity().values()
        secured, last = next((e, life[-1]) for life in lives for e in life if e.name == "FundingSecured")
        again = changed(secured.record, id=str(uuid4()), sequence=str(last.sequence + 1))
        assert found(with_(run, again), Kind.PHANTOM, secured.entity, TOPIC)

        when = max(each.acknowledged_at or 0.0 for each in run.ledger.done() if secured.entity in str(each))
        restored = Forgiven("owner_restored", "its state was lost", "matching", when - 600, when)
        elsewhere = Forgiven("owner_restored", "its state was lost", "submission", when - 600, when)
        topic = f"{TOPIC}adoptions"
        assert not [f for f in check(with_(run, again), [restored]).findings if f.where == topic]
        assert [f for f in check(with_(run, again), [elsewhere]).findings if f.where == topic]

    def test_an_event_that_nobody_asked_for(self, run: History) -> None:
        event, stranger = told(run, "ProjectAssessed"), str(uuid4())
        value = str(event.record.value).replace(event.entity, stranger)
        phantom = changed(event.record, id=str(uuid4()), subject=stranger, sequence="1")
        phantom = replace(phantom, key=stranger, value=value)
        assert found(with_(run, phantom), Kind.PHANTOM, stranger, TOPIC)

    def test_the_event_of_a_command_that_was_refused(self, run: History) -> None:
        ended = command(run, "end")
        ended.status = 409
        assert found(run, Kind.PHANTOM, ended.entity, TOPIC)

    def test_the_event_of_a_command_that_never_got_an_answer_may_be_there(self, run: History) -> None:
        ended = command(run, "end")
        ended.status = ended.response = ended.acknowledged_at = None
        assert found(run, Kind.PHANTOM, ended.entity, TOPIC) == []
        assert check(run).unknown == 1

    def test_what_was_acknowledged_first_comes_second(self, run: History) -> None:
        last = told(run, "ImpactRecorded")
        first, second = Reading.of(run.log).by_entity()[last.key][-2:]
        swapped = [replace(first.record, value=second.record.value), replace(second.record, value=first.record.value)]
        edited = with_(without(run, first.record, second.record), *swapped)
        assert found(edited, Kind.REORDERED, last.entity)


class TestWhatAFaultTookAway:
    def test_it_is_counted_apart_and_with_its_reason(self, run: History) -> None:
        ended = command(run, "end")
        event = next(e for e in Reading.of(run.log).told if e.name == "AdoptionEnded" and e.entity == ended.entity)
        at = ended.acknowledged_at or 0.0
        restored = Forgiven("owner_restored", "acknowledged after the back-up", "matching", at - 0.001, at + 0.001)
        edited = without(run, event.record)
        verdict = check(edited, [restored])
        assert found(edited, Kind.LOST, ended.entity)
        assert not [finding for finding in verdict.findings if finding.kind is Kind.LOST]
        assert verdict.figures()["forgiven"] > 0
        assert {excused.by.reason for excused in verdict.excused} == {"acknowledged after the back-up"}

    def test_what_was_acknowledged_before_it_is_not_forgiven(self, run: History) -> None:
        ended = command(run, "end")
        event = next(e for e in Reading.of(run.log).told if e.name == "AdoptionEnded" and e.entity == ended.entity)
        later = (ended.acknowledged_at or 0.0) + 1
        restored = Forgiven("owner_restored", "acknowledged after the back-up", "matching", later, later + 1)
        assert [f for f in check(without(run, event.record), [restored]).findings if f.kind is Kind.LOST]
