"""What the submission service makes of the board's decisions. One row a project version; the step is in model.py."""

from services.submission.outcomes import model, store
from shared.contracts.events import ProjectAssessed
from shared.messaging import fold

REACTIONS = [
    fold(
        store.load_many,
        store.save_many,
        key=model.project_of,
        steps={ProjectAssessed: model.assessed},
        tables=("outcome",),
        name="outcomes.verdicts",
    ),
]
