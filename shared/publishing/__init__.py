"""What outside systems publish: over HTTP or Kafka, to one operation of whoever owns the event (docs/publishing.md)."""

from shared.publishing.taking import NotYours, Offer, Operation, Taking, take

__all__ = ["NotYours", "Offer", "Operation", "Taking", "take"]
