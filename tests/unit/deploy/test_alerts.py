"""What an operator is woken for: each alert is well formed and says what to do, and each runbook is about an alert."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from deploy.local.settings import OFFSETS, ROOT, SERVICES

DEPLOY = ROOT / "deploy"
HEADINGS = ["What it means", "What to look at", "What helps", "How to see that it is over"]
WORDS = re.compile(r"(?<!^)(?=[A-Z])")
Duration = Annotated[str, StringConstraints(pattern=r"^\d+[smh]$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Labels(Strict):
    severity: Literal["warning", "critical"]


class Annotations(Strict):
    summary: str
    runbook: str


class Alert(Strict):
    alert: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z]+$")]
    expr: str
    lasting: Annotated[Duration, Field(alias="for")]
    labels: Labels
    annotations: Annotations


def alerts() -> list[Alert]:
    document = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
    assert [set(group) for group in document["groups"]] == [{"name", "rules"}]
    return [Alert.model_validate(rule) for group in document["groups"] for rule in group["rules"]]


def runbook(alert: str) -> Path:
    return DEPLOY / "runbooks" / f"{WORDS.sub('-', alert).lower()}.md"


def test_each_alert_has_its_runbook_and_each_runbook_its_alert() -> None:
    named = {alert.alert: alert.annotations.runbook for alert in alerts()}
    assert named == {name: str(runbook(name).relative_to(ROOT)) for name in named}
    assert {runbook(name) for name in named} == set((DEPLOY / "runbooks").glob("*.md"))


@pytest.mark.parametrize("path", sorted((DEPLOY / "runbooks").glob("*.md")), ids=lambda path: path.stem)
def test_a_runbook_says_what_it_means_where_to_look_what_helps_and_when_it_is_over(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    title, *rest = [line.lstrip("# ") for line in text.splitlines() if line.startswith("#")]
    assert (runbook(title), rest) == (path, HEADINGS)
    assert all(part.strip() for part in re.split(r"^## .*$", text, flags=re.MULTILINE)[1:])
    for linked in re.findall(r"\]\(([^)]+)\)", text):
        assert (path.parent / linked).is_file(), linked


def test_every_bracket_of_an_expression_is_closed() -> None:
    for alert in alerts():
        for opening, closing in ("()", "[]", "{}"):
            assert alert.expr.count(opening) == alert.expr.count(closing), alert.alert


def test_every_replica_of_a_service_is_scraped_where_it_listens() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    found = {job["job_name"]: job["dns_sd_configs"] for job in config["scrape_configs"]}
    assert found == {name: [{"names": [name], "type": "A", "port": 8100 + OFFSETS[name]}] for name in SERVICES}


def test_a_service_of_which_no_replica_is_found_is_missed() -> None:
    (missed,) = [alert.expr for alert in alerts() if alert.alert == "NotScraped"]
    assert [name for name in SERVICES if f'absent(up{{job="{name}"}})' not in missed] == []


def test_no_panel_of_the_dashboard_lies_over_another() -> None:
    dashboard = json.loads((DEPLOY / "grafana" / "dashboards" / "platform.json").read_text(encoding="utf-8"))
    seen: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not seen & cells, panel["title"]
        seen |= cells
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
