"""What publication hears: whether a gemeente may be named. The adoption itself is kept by `adoptions`, which comes first."""

from services.impact.publication import operations
from shared.contracts.events import AdoptionStarted
from shared.messaging import batch

REACTIONS = [batch(AdoptionStarted, operations.follow_naming)]
