"""Which rows of which tables a checker looks at, by service."""

from __future__ import annotations

from collections.abc import Mapping

MESSAGING: Mapping[str, str] = {
    "said": "select stream, entity, sequence from said",
    "heard": "select stream, entity, sequence, event_id, held from heard",
    "outbox": "select topic, key, sequence, id from outbox",
    "stopped": "select topic, key, reason from stopped",
    "parked": "select stream, entity, sequence, kind, reason from parked",
    "dead_letter": "select topic, part, off, reason from dead_letter",
    "skipped": "select stream, entity, sequence, reason from skipped",
}
"""The same in each service."""

OWNED: Mapping[str, Mapping[str, str]] = {
    "submission": {
        "project": "select id, revision, withdrawal_reason from project",
        "version": "select project, number, title from version where submitted_on is not null",
    },
    "assessment": {
        "member": "select m.id, p.subject from member m join person p on p.id = m.person",
        "review": """
            select r.assessment, p.subject, r.revision, r.handed_in_on is not null as handed_in
            from review r join member m on m.id = r.member join person p on p.id = m.person
        """,
        "decision": "select assessment, verdict, released_on is not null as released from decision",
        "organisation": "select id, name, merged_into from organisation",
        "adoption": "select id, project, gemeente from adoption",
        "figure": "select block, project, release, withdrawn from figure",
    },
    "matching": {
        "organisation": "select id, name, kind, revision from organisation",
        "adoption": "select id, revision, gemeente, project, may_be_named, end_reason from adoption",
        "milestone": "select adoption, step, state, blocker from milestone",
        "partnership": "select id, adoption, state from partnership",
        "funding_plan": "select adoption, revision, budget_euro, secured from funding_plan",
        "commitment": """
            select c.adoption, c.id, c.amount_euro, c.stage, c.withdrawn, c.organisation = a.gemeente_organisation as base
            from commitment c join adoption a on a.id = c.adoption
        """,
        "measured": "select adoption from measured",
    },
    "impact": {
        "observation": "select id, version from observation",
        "observation_version": """
            select v.observation, v.version, v.value::text, v.numerator, v.denominator, v.withdrawn,
                   o.adoption, o.indicator, o.period_start, o.period_end, o.breakdown
            from observation_version v join observation o on o.id = v.observation
        """,
        "plans": "select adoption, revision from plans",
        "adoption": "select id, gemeente, project, may_be_named from adoption",
        "release": """
            select r.block, r.number, r.kind, r.shown, r.shown_numerator, r.shown_denominator, r.released_on,
                   b.scope, f.project, f.indicator, f.period_start, f.period_end
            from release r join block b on b.id = r.block join family f on f.id = b.family
        """,
    },
}
"""What a service owns, and what its batches keep of what they hear."""

KEYS: Mapping[str, str] = {
    "services.submission.outcomes.store.load_many": "select distinct project as key from outcome",
    "services.assessment.decisions.store.load_lines": "select distinct project as key from assessment",
    "services.matching.catalogue.store.load_many": "select project as key from catalogue_project",
    "services.matching.catalogue.store.load_blocks": "select block as key from catalogue_block",
    "services.impact.adoptions.store.load_many": "select id as key from adoption",
    "services.impact.adoptions.store.load_assessed": "select assessment as key from assessed",
    "services.impact.adoptions.store.load_names": "select organisation as key from gemeente_name",
}
"""The keys of each fold's state, by the function that loads it."""
