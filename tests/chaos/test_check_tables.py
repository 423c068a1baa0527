"""The checker on a recorded run: whatever is done to a table, it finds, and says where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from tests.chaos.check import check
from tests.chaos.editing import TOPIC, changed, found, told, with_, with_rows, without
from tests.chaos.findings import Forgiven, Kind
from tests.chaos.history import History


class TestTheOwnersTables:
    ROWS = (
        ("submission", "project", "id"),
        ("submission", "version", "project"),
        ("assessment", "member", "id"),
        ("assessment", "review", "assessment"),
        ("assessment", "decision", "assessment"),
        ("matching", "organisation", "id"),
        ("matching", "adoption", "id"),
        ("matching", "milestone", "adoption"),
        ("matching", "partnership", "id"),
        ("matching", "commitment", "adoption"),
        ("matching", "funding_plan", "adoption"),
        ("impact", "observation", "id"),
        ("impact", "observation_version", "observation"),
        ("impact", "plans", "adoption"),
    )

    @pytest.mark.parametrize(("service", "table", "key"), ROWS)
    def test_an_effect_that_is_gone(self, run: History, service: str, table: str, key: str) -> None:
        rows = list(run.tables[service][table])
        gone = next(row for row in rows if row.get("state") != "open")
        rows.remove(gone)
        assert found(with_rows(run, service, table, rows), Kind.LOST, gone[key])

    @pytest.mark.parametrize(
        ("table", "key", "column", "value"),
        [
            ("submission.project", "id", "withdrawal_reason", "Een ander."),
            ("assessment.decision", "assessment", "verdict", "nu-niet"),
            ("matching.organisation", "id", "name", "Een ander"),
            ("matching.milestone", "adoption", "blocker", "Iets anders."),
            ("matching.commitment", "adoption", "amount_euro", 7),
            ("matching.funding_plan", "adoption", "budget_euro", 7),
            ("impact.observation_version", "observation", "numerator", 7),
        ],
    )
    def test_an_effect_that_is_another(self, run: History, table: str, key: str, column: str, value: object) -> None:
        service, name = table.split(".")
        row = next(r for r in run.tables[service][name] if r.get("state") != "open" and not r.get("base"))
        row[column] = value
        assert found(run, Kind.LOST, row[key], service)

    @pytest.mark.parametrize(("service", "table", "key"), [each for each in ROWS if each[1] != "review"])
    def test_a_row_that_nobody_asked_for(self, run: History, service: str, table: str, key: str) -> None:
        row = next(row for row in run.tables[service][table] if row.get("state") != "open")
        stranger = str(uuid4())
        rows = [*run.tables[service][table], {**row, key: stranger}]
        assert found(with_rows(run, service, table, rows), Kind.PHANTOM, stranger)

    def test_two_commands_that_have_one_effect(self, run: History) -> None:
        observed = list(run.ledger.done(kind="observe"))[-2:]
        observed[0].response = observed[1].response
        assert found(run, Kind.LOST, (observed[1].response or {})["id"], "impact")

    @pytest.mark.parametrize(
        ("service", "table", "column"),
        [
            ("submission", "project", "revision"),
            ("assessment", "review", "revision"),
            ("matching", "organisation", "revision"),
            ("matching", "adoption", "revision"),
            ("matching", "funding_plan", "revision"),
            ("impact", "observation", "version"),
        ],
    )
    def test_a_command_that_was_done_twice(self, run: History, service: str, table: str, column: str) -> None:
        row = run.tables[service][table][0]
        row[column] += 1
        assert found(run, Kind.DOUBLED, row.get("id") or row.get("assessment") or row["adoption"], f"{service}.{table}")


class TestListeners:
    FOLDS = (
        ("submission", "services.submission.outcomes.store.load_many"),
        ("assessment", "services.assessment.decisions.store.load_lines"),
        ("matching", "services.matching.catalogue.store.load_many"),
        ("matching", "services.matching.catalogue.store.load_blocks"),
        ("impact", "services.impact.adoptions.store.load_many"),
        ("impact", "services.impact.adoptions.store.load_assessed"),
    )

    @pytest.mark.parametrize(("service", "fold"), FOLDS)
    def test_a_state_that_is_gone(self, run: History, service: str, fold: str) -> None:
        states: dict[str, Any] = run.states[service][fold]  # type: ignore[assignment]
        key, _ = states.popitem()
        assert found(run, Kind.LOST, key, service)

    @pytest.mark.parametrize(("service", "fold"), FOLDS)
    def test_a_state_that_no_event_explains(self, run: History, service: str, fold: str) -> None:
        states: dict[str, Any] = run.states[service][fold]  # type: ignore[assignment]
        stranger = str(uuid4())
        states[stranger] = next(iter(states.values()))
        assert found(run, Kind.PHANTOM, stranger, service)

    @pytest.mark.parametrize(
        ("service", "fold", "change"),
        [
            ("submission", FOLDS[0][1], lambda state: state["of_version"].clear()),
            ("assessment", FOLDS[1][1], lambda state: state["assessments"][0].update(offered=None)),
            ("assessment", FOLDS[1][1], lambda state: state["assessments"][0].update(state="ingetrokken")),
            ("matching", FOLDS[2][1], lambda state: state.update(withdrawn=None)),
            ("matching", FOLDS[3][1], lambda state: state.update(shown=7)),
            ("impact", FOLDS[4][1], lambda state: state.update(is_funded=None)),
            ("impact", FOLDS[5][1], lambda state: state.update(verdict="nu-niet")),
        ],
    )
    def test_a_state_that_differs_from_the_log(
        self, run: History, service: str, fold: str, change: Callable[[Any], None]
    ) -> None:
        key, state = next(iter(run.states[service][fold].items()))
        change(state)
        assert found(run, Kind.STATE, key, service)

    @pytest.mark.parametrize(
        ("service", "table", "key"),
        [
            ("assessment", "organisation", "id"),
            ("assessment", "adoption", "id"),
            ("assessment", "figure", "block"),
            ("matching", "measured", "adoption"),
        ],
    )
    def test_a_row_of_a_batch_that_is_gone(self, run: History, service: str, table: str, key: str) -> None:
        rows = list(run.tables[service][table])
        gone = rows.pop()
        assert found(with_rows(run, service, table, rows), Kind.LOST, gone[key])

    @pytest.mark.parametrize(
        ("more", "kind"),
        [({"sequence": 0}, Kind.LOST), ({"sequence": 99}, Kind.PHANTOM), ({"event_id": None}, Kind.FORK)],
    )
    def test_a_listener_that_heard_less_more_or_something_else(
        self, run: History, more: dict[str, Any], kind: Kind
    ) -> None:
        row = run.tables["matching"]["heard"][0]
        row.update(more)
        assert found(run, kind, row["entity"], "matching on")

    @pytest.mark.parametrize(("sequence", "kind"), [(99, Kind.LOST), (0, Kind.PHANTOM)])
    def test_an_owner_that_said_more_or_less_than_the_log_has(self, run: History, sequence: int, kind: Kind) -> None:
        row = run.tables["impact"]["said"][0]
        row["sequence"] = sequence
        assert found(run, kind, row["entity"], TOPIC)

    @pytest.mark.parametrize("table", ["outbox", "stopped", "parked", "dead_letter"])
    def test_something_that_is_left_over_unless_a_fault_explains_it(self, run: History, table: str) -> None:
        row = {"key": "k", "entity": "k", "topic": "k"}
        edited = with_rows(run, "impact", table, [row])
        assert found(edited, Kind.LEFT_OVER, "k", f"impact.{table}")
        explained = check(edited, [Forgiven("poison", "sent by the test", "impact", tables=frozenset({table}))])
        assert list(explained.findings) == []
        assert len(explained.excused) == 1


class TestPublishedFigures:
    def test_a_release_that_was_not_told(self, run: History) -> None:
        event = told(run, "ImpactPublished")
        assert found(without(run, event.record), Kind.LOST, event.entity, "releases")

    def test_a_release_that_stands_in_no_ledger(self, run: History) -> None:
        rows = list(run.tables["impact"]["release"])
        gone = rows.pop()
        assert found(with_rows(run, "impact", "release", rows), Kind.PHANTOM, gone["block"], "releases")

    def test_a_release_that_shows_something_else_than_was_told(self, run: History) -> None:
        row = run.tables["impact"]["release"][0]
        row["shown"] = 995
        assert found(run, Kind.STATE, row["block"], "impact.release")

    def test_one_event_that_was_heard_as_two_effects(self, run: History) -> None:
        event = told(run, "ImpactPublished")
        cause = str(uuid4())
        once = replace(event.record, headers={**event.record.headers, "ce_causationid": cause})
        again = changed(once, id=str(uuid4()), sequence=str(event.sequence + 1))
        assert found(with_(without(run, event.record), once, again), Kind.DOUBLED, event.entity, "releases")

    def test_a_figure_that_should_be_shown_and_is_not(self, run: History) -> None:
        row = run.tables["impact"]["release"][0]
        rows = [each for each in run.tables["impact"]["release"] if each["block"] != row["block"]]
        assert found(
            replace(with_rows(run, "impact", "release", rows), day="2099-01-01"),
            Kind.LOST,
            row["project"],
            "impact.release",
        )

    def test_a_figure_that_is_shown_and_nobody_reported(self, run: History) -> None:
        row = run.tables["impact"]["release"][0]
        stranger = {**row, "block": str(uuid4()), "project": str(uuid4())}
        rows = [*run.tables["impact"]["release"], stranger]
        assert found(with_rows(run, "impact", "release", rows), Kind.PHANTOM, stranger["project"], "impact.release")
