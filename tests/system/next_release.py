"""The next release of the platform, as a tree of its own: this one with a column more and a second version of an event.

matching keeps by which channel an adoption began, and must tell it: a field that is required is a breaking change, so the fact
is said in a second version, with the first one along. impact learns to hear the second, in each of its reactions: of two
versions a service takes the newest that any of them hears, and what hears only the first would miss it. assessment goes on
with the first.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from deploy.local.settings import ROOT
from tests.chaos.history import History, Record

PARTS = ("deploy", "services", "shared", "tests/chaos")
COLUMN = "channel"
NEWER = "nl.schuldhulpprojecten.adoption-started.v2"

NEW_FILES = {
    "shared/contracts/events/adoption_started_v2.py": '''\
"""AdoptionStarted: a gemeente decided to take over an assessed project, by this channel."""

from typing import ClassVar

from shared.contracts.event import Line
from shared.contracts.events.adoption_started import AdoptionStarted


class AdoptionStartedV2(AdoptionStarted):
    """As the first version, and by which channel it began."""

    VERSION: ClassVar[int] = 2

    channel: Line

    def in_older_version(self) -> AdoptionStarted:
        return AdoptionStarted.of(self)
''',
    f"services/matching/migrations/0090_pre_{COLUMN}.sql": f"alter table adoption add column {COLUMN} text;\n",
    f"services/matching/migrations/0091_post_{COLUMN}.sql": f"""\
lock table adoption in access exclusive mode;
alter table adoption disable trigger adoption_stands_fast;
update adoption set {COLUMN} = 'onbekend' where {COLUMN} is null;
alter table adoption enable trigger adoption_stands_fast;
alter table adoption alter column {COLUMN} set not null;
""",
}
CHANGES = (
    (
        "shared/contracts/events/__init__.py",
        "import AdoptionStarted\n",
        "import AdoptionStarted\nfrom shared.contracts.events.adoption_started_v2 import AdoptionStartedV2\n",
    ),
    (
        "shared/contracts/events/__init__.py",
        '    "AdoptionStarted",\n',
        '    "AdoptionStarted",\n    "AdoptionStartedV2",\n',
    ),
    (
        "shared/contracts/registry.py",
        "    Declared(events.AdoptionStarted),\n",
        (
            "    Declared(events.AdoptionStarted),\n"
            "    Declared(events.AdoptionStartedV2, supersedes=events.AdoptionStarted),\n"
        ),
    ),
    (
        "services/matching/adoptions/store.py",
        "budget_euro, may_be_named, started_on)\nvalues ($1, $2, $3, $4, $5, $6, $7, $8)",
        "budget_euro, may_be_named, started_on, channel)\nvalues ($1, $2, $3, $4, $5, $6, $7, $8, 'portaal')",
    ),
    ("services/matching/adoptions/store.py", "a.end_reason, a.revision,\n", "a.end_reason, a.revision, a.channel,\n"),
    (
        "services/matching/adoptions/model.py",
        "    revision: int = 0\n\n    def start(",
        "    revision: int = 0\n    channel: str | None = None\n\n    def start(",
    ),
    (
        "services/matching/adoptions/operations.py",
        " AdoptionStarted, Event",
        " AdoptionStarted, AdoptionStartedV2, Event",
    ),
    (
        "services/matching/adoptions/operations.py",
        "        started_on=today,\n    )",
        '        started_on=today,\n        channel="portaal",\n    )',
    ),
    (
        "services/matching/adoptions/operations.py",
        "AdoptionStarted.of(started, adoption=started.id)",
        "AdoptionStartedV2.of(started, adoption=started.id)",
    ),
    (
        "services/matching/adoptions/operations.py",
        "AdoptionStarted.of(changed, adoption=adoption)",
        'AdoptionStartedV2.of(changed, adoption=adoption, channel=changed.channel or "onbekend")',
    ),
    ("services/matching/service.py", "    AdoptionStarted,\n", "    AdoptionStarted,\n    AdoptionStartedV2,\n"),
    ("services/matching/service.py", "says=[OrganisationChanged, ", "says=[OrganisationChanged, AdoptionStartedV2, "),
    (
        "services/impact/adoptions/reactions.py",
        "    AdoptionStarted,\n",
        "    AdoptionStarted,\n    AdoptionStartedV2,\n",
    ),
    (
        "services/impact/adoptions/reactions.py",
        "            AdoptionStarted: model.started,\n",
        "            AdoptionStarted: model.started,\n            AdoptionStartedV2: model.started,\n",
    ),
    (
        "services/impact/publication/reactions.py",
        "import AdoptionStarted\n",
        "import AdoptionStarted, AdoptionStartedV2\n",
    ),
    (
        "services/impact/publication/reactions.py",
        "batch(AdoptionStarted, operations.follow_naming)]",
        "batch(kind, operations.follow_naming) for kind in (AdoptionStarted, AdoptionStartedV2)]",
    ),
)
"""What is edited: in which file, what stands there once, and what takes its place."""


def next_release(home: Path) -> Path:
    """Writes it to this folder, and returns that: whoever runs a module there runs the next release."""
    for part in PARTS:
        shutil.copytree(ROOT / part, home / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in NEW_FILES.items():
        (home / name).write_text(text, encoding="utf-8")
    for name, before, after in CHANGES:
        text = (home / name).read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{name} has {text.count(before)} times {before!r}"
        (home / name).write_text(text.replace(before, after), encoding="utf-8")
    return home


def as_before(history: History) -> tuple[History, int]:
    """The history with each fact in its first version, as the checker knows it, and how many were said in both.

    Raises: AssertionError where the two do not stand one behind the other, as one version of one entity.
    """
    first: dict[str | None, str | None] = {}
    for newer, older in _told_twice(history.log):
        assert (newer.key, newer.headers["ce_sequence"]) == (older.key, older.headers["ce_sequence"])
        first[newer.headers["ce_id"]] = older.headers["ce_id"]
    log = [_caused(record, first) for record in history.log if record.headers["ce_id"] not in first]
    tables = {
        service: {
            **of,
            "heard": [{**row, "event_id": first.get(row["event_id"], row["event_id"])} for row in of["heard"]],
        }
        for service, of in history.tables.items()
    }
    return replace(history, log=log, tables=tables), len(first)


def _told_twice(log: Sequence[Record]) -> Iterator[tuple[Record, Record]]:
    by_id: dict[tuple[str | None, str | None], list[Record]] = {}
    for record in log:
        if {"ce_supersedes", "ce_supersededby"} & record.headers.keys():
            by_id.setdefault((record.key, record.headers["ce_sequence"]), []).append(record)
    for fact in by_id.values():
        newer = {record.headers["ce_id"]: record for record in fact if "ce_supersedes" in record.headers}
        older = {record.headers["ce_id"]: record for record in fact if "ce_supersededby" in record.headers}
        assert (len(newer), len(older)) == (1, 1), fact
        yield newer.popitem()[1], older.popitem()[1]


def _caused(record: Record, first: dict[str | None, str | None]) -> Record:
    cause = record.headers.get("ce_causationid")
    return replace(record, headers={**record.headers, "ce_causationid": first[cause]}) if cause in first else record
