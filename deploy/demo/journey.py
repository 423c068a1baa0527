"""What the chapters of the journey hand to each other."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from deploy.demo.cast import Cast
from deploy.demo.client import Client, Json
from deploy.demo.stage import Stage
from shared.clock import day_of, system_clock

HERE = Path(__file__).parent
DEN_HAAG, ASSEN, VLIELAND = "GM0518", "GM0106", "GM0096"
GEMEENTEN = (DEN_HAAG, ASSEN, VLIELAND)
"""A large one, one of middle size, and one so small that its counts stay hidden."""


def today() -> date:
    """The day of today, in the Netherlands."""
    return day_of(system_clock())


def facts(name: str) -> Any:  # noqa: ANN401 - the JSON of this folder, whose shape stands in its own `about`
    """What a JSON file of this folder holds."""
    return json.loads((HERE / name).read_text(encoding="utf-8"))


@dataclass
class Project:
    """A project of this run. `facts` is what projects.json tells of it; `assessments` are by version."""

    id: UUID
    title: str
    owner: Client
    facts: Json
    versions: int = 0
    assessments: dict[int, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Its address at submission."""
        return f"/projects/{self.id}"


@dataclass
class Adoption:
    """An adoption of this run. `facts` is what adoptions.json tells of it; `gemeente` is a name.

    `observations` are the ids of its figures, by indicator and by the number of the period.
    """

    id: UUID
    code: str
    gemeente: str
    client: Client
    project: Project
    facts: Json
    observations: dict[tuple[str, int], str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Its address, at matching and at impact."""
        return f"/adoptions/{self.id}"

    @property
    def title(self) -> str:
        """For whoever reads along."""
        return f"{self.gemeente}: {self.project.title}"


@dataclass
class Journey:
    """One run of the demo. `number` is in the title of its projects, so that each run has its own."""

    stage: Stage
    cast: Cast
    number: int = 1
    organisations: dict[str, UUID] = field(default_factory=dict)
    gemeenten: dict[str, str] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    adoptions: list[Adoption] = field(default_factory=list)

    def named(self, title: str) -> str:
        """The title of a project in this run."""
        return f"{title} (demo {self.number})"

    def name_of(self, organisation: UUID | str) -> str:
        """What an organisation is called."""
        names = {str(known): name for name, known in self.organisations.items()}
        return names.get(str(organisation), str(organisation))
