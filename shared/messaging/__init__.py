"""Events out and in: what was said, the relay that tells it, and the consumer that hears with exactly one effect."""

from shared.messaging.reactions import Reaction, Say, batch, each, fold

__all__ = ["Reaction", "Say", "batch", "each", "fold"]
