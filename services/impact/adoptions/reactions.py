"""What the impact service keeps of adoptions, verdicts and the names of gemeenten. The steps are in model.py."""

from services.impact.adoptions import model, store
from shared.contracts.events import (
    AdoptionEnded,
    AdoptionStarted,
    FundingReopened,
    FundingSecured,
    OrganisationChanged,
    ProjectAssessed,
)
from shared.messaging import fold

REACTIONS = [
    fold(
        store.load_many,
        store.save_many,
        steps={
            AdoptionStarted: model.started,
            FundingSecured: model.funded,
            FundingReopened: model.reopened,
            AdoptionEnded: model.ended,
        },
        tables=("adoption",),
        name="adoptions.lives",
    ),
    fold(
        store.load_assessed,
        store.save_assessed,
        steps={ProjectAssessed: model.assessed},
        tables=("assessed",),
        name="adoptions.verdicts",
    ),
    fold(
        store.load_names,
        store.save_names,
        steps={OrganisationChanged: model.named},
        tables=("gemeente_name",),
        name="adoptions.names",
    ),
]
