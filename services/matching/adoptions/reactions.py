"""What adoptions make of what is measured: only that it is."""

from services.matching.adoptions import operations
from shared.contracts.events import ImpactRecorded
from shared.messaging import batch

REACTIONS = [batch(ImpactRecorded, operations.note_measured)]
