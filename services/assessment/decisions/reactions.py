"""What opens and closes assessments. One line a project, in the order of its life; the steps are in model.py."""

from services.assessment.decisions import model, store
from shared.contracts.events import ProjectSubmitted, ProjectWithdrawn
from shared.messaging import fold

REACTIONS = [
    fold(
        store.load_lines,
        store.save_lines,
        steps={ProjectSubmitted: model.submitted, ProjectWithdrawn: model.withdrawn},
        name="decisions.lines",
    ),
]
