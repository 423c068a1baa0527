"""The outcome table: one row for each version of which the board's decision is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.submission.outcomes.model import Outcomes
from shared.contracts.events import ProjectAssessed
from shared.storage import Transaction, rows

LOAD = """
select project, project_version, assessment, framework_version, verdict, evidence_level, reasons, conditions,
       override_reason, decided_on, released_on, valid_until
from outcome where project = any($1) order by project, project_version
"""
SAVE = """
insert into outcome select * from jsonb_populate_recordset(null::outcome, $1)
on conflict (project, project_version) do update set
  assessment = excluded.assessment, framework_version = excluded.framework_version, verdict = excluded.verdict,
  evidence_level = excluded.evidence_level, reasons = excluded.reasons, conditions = excluded.conditions,
  override_reason = excluded.override_reason, decided_on = excluded.decided_on, released_on = excluded.released_on,
  valid_until = excluded.valid_until
"""


async def load_many(tx: Transaction, projects: Sequence[UUID]) -> Mapping[UUID, Outcomes]:
    """What is known of these projects; one of which nothing is known has no entry."""
    heard: dict[UUID, dict[int, ProjectAssessed]] = {}
    for row in await tx.fetch(LOAD, projects):
        heard.setdefault(row["project"], {})[row["project_version"]] = rows.read(ProjectAssessed, row)
    return {project: Outcomes(project, of_version) for project, of_version in heard.items()}


async def save_many(tx: Transaction, changed: Sequence[Outcomes]) -> None:
    """Writes them in the order in which they are given: that of their projects."""
    said = [outcomes.of_version[number] for outcomes in changed for number in sorted(outcomes.of_version)]
    await tx.execute(SAVE, said)
