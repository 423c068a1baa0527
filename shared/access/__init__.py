"""Who stands outside, and what each of them may do: publishers and subscribers, declared in deploy/kafka/access.yaml."""

from shared.access.model import Access, BadAccess, Publisher, Right, Scope, Subscriber
from shared.access.reading import read_access

__all__ = ["Access", "BadAccess", "Publisher", "Right", "Scope", "Subscriber", "read_access"]
