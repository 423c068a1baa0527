"""What the catalogue makes of what it hears. One row a project, and one a published block; the steps are in model.py."""

from services.matching.catalogue import model, store
from shared.contracts.events import ImpactPublished, ProjectAssessed, ProjectSubmitted, ProjectWithdrawn
from shared.messaging import fold

REACTIONS = [
    fold(
        store.load_many,
        store.save_many,
        key=model.project_of,
        steps={
            ProjectSubmitted: model.submitted,
            ProjectAssessed: model.assessed,
            ProjectWithdrawn: model.withdrawn,
        },
        tables=("catalogue_project", "catalogue_version", "catalogue_verdict"),
        name="catalogue.projects",
    ),
    fold(
        store.load_blocks,
        store.save_blocks,
        steps={ImpactPublished: model.published},
        tables=("catalogue_block",),
        name="catalogue.blocks",
    ),
]
