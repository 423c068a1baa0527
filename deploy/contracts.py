"""What the services tell each other and answer, written down and guarded: `python -m deploy.contracts generate | check`.

It lives outside `shared`, which knows no service: who hears what stands in the declarations of the services.
"""

from __future__ import annotations

import importlib
import json
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import typer
from pydantic.alias_generators import to_camel

from shared.contracts.event import EventData
from shared.contracts.generated import generated, stale, write
from shared.contracts.parties import Hears, Parties
from shared.contracts.registry import EVENTS
from shared.contracts.releases import NotReleasable, findings, releases
from shared.contracts.releases import release as keep
from shared.contracts.schemas import Schema, inlined, schema_of
from shared.publishing.covering import NAMING
from shared.runtime import Service
from shared.runtime.operations import answered_by
from shared.web.app import document_of

ROOT = Path(__file__).parent.parent
MENDED_BY = "python -m deploy.contracts generate"

commands = typer.Typer(
    help="The events: their schemas, AsyncAPI document, topics and pages.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@commands.command()
def generate() -> None:
    """Write the schemas, docs/asyncapi.json, docs/events, docs/openapi and deploy/kafka/topics.yaml anew."""
    for path in write(ROOT, written_down(ROOT)):
        print(f"wrote {path}")


@commands.command()
def check() -> None:
    """Fail where a generated file is out of date, or an event does not fit what was released."""
    if faults := [*_stale_files(ROOT), *_breaks(ROOT)]:
        print("\n".join(faults), file=sys.stderr)
        raise typer.Exit(1)
    print(f"{len(EVENTS)} events: files up to date, {len(releases(ROOT))} releases compared.")


@commands.command()
def release(number: str) -> None:
    """Keep the schemas of today as release NUMBER: from 1.0.0 on, every later version must fit them."""
    if faults := [*_stale_files(ROOT), *_breaks(ROOT)]:
        print("\n".join(faults), file=sys.stderr)
        raise typer.Exit(1)
    try:
        print(f"kept in {keep(ROOT, number).relative_to(ROOT)}")
    except NotReleasable as refused:
        print(refused, file=sys.stderr)
        raise typer.Exit(1) from refused


def declarations(root: Path) -> Mapping[str, Service]:
    """The services, from services/*/service.py."""
    names = sorted(page.parent.name for page in (root / "services").glob("*/service.py"))
    return {name: importlib.import_module(f"services.{name}.service").service for name in names}


def heard_by_service(root: Path) -> Hears:
    """Which service hears what."""
    return {name: _heard(service.heard_events) for name, service in declarations(root).items()}


def parties_of(root: Path) -> Parties:
    """Who hears what, and what may come from outside."""
    taken = [taking.event for service in declarations(root).values() for taking in service.takes]
    return Parties(heard_by_service(root), {event: list(_covered(inlined(schema_of(event)))) for event in taken})


def written_down(root: Path) -> Mapping[Path, str]:
    """Path in the project -> what must stand there: of the events, and of what each service answers."""
    answers = {
        Path(f"docs/openapi/{name}.json"): document_of(service.title, answered_by(service))
        for name, service in declarations(root).items()
    }
    told = {path: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for path, document in answers.items()}
    return {**generated(parties_of(root), platform_version(root)), **told}


def platform_version(root: Path) -> str:
    """The version that pyproject.toml states."""
    version: str = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return version


def _heard(events: frozenset[type[EventData]]) -> Sequence[type[EventData]]:
    return [declared.event for declared in EVENTS if declared.event in events]


def _covered(schema: Schema, at: str = "") -> Iterator[str]:
    """The fields of an event that name a gemeente, a project or an organisation."""
    for name, field in schema.get("properties", {}).items():
        if name in map(to_camel, NAMING):
            yield f"{at}{name}"
        else:
            yield from _covered(field.get("items", field), f"{at}{name}.")


def _stale_files(root: Path) -> list[str]:
    return [f"{path} does not fit the code any more: run `{MENDED_BY}`." for path in stale(root, written_down(root))]


def _breaks(root: Path) -> list[str]:
    """What breaks a release that somebody may have built on; the rest is only told."""
    found = findings(root, [declared.event for declared in EVENTS])
    for finding in found:
        if not finding.binds:
            print(f"note: {finding}")
    return [
        f"{finding} (how to add a next version: shared/contracts/registry.py)." for finding in found if finding.binds
    ]


if __name__ == "__main__":
    commands()
