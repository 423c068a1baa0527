"""The ledger as its file tells it again."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.ledger import Ledger, load


def test_commands_answers_and_probes_are_read_back_from_the_file(tmp_path: Path) -> None:
    with Ledger.at(tmp_path / "ledger.jsonl") as ledger:
        done = ledger.sent("submission", "begin", "a", "POST", "/projects", body={"title": "x"}, seen=3)
        done.tries = 2
        ledger.answered(done, 201, {"id": "p"})
        refused = ledger.sent("submission", "submit", "b", "POST", "/projects/p/submissions", entity="p")
        ledger.answered(refused, 409, {"detail": "Dit kan nu niet."})
        ledger.sent("submission", "submit", "c", "POST", "/projects/p/submissions", entity="p")
        ledger.seen("submission to assessment", "p", 1.0)
    again = load(tmp_path / "ledger.jsonl")
    assert (again.commands, again.heard, again.acknowledged) == (ledger.commands, ledger.heard, 1)
    assert [command.key for command in again.unknown] == ["c"]
    assert [command.key for command in again.done("submission", "begin")] == ["a"]


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger.at(path) as ledger:
        ledger.answered(ledger.sent("impact", "plan", "a", "PUT", "/adoptions/x/plan"), 200, {})
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[:-10], encoding="utf-8")
    assert len(load(path).unknown) == 1
