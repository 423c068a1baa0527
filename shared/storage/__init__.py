"""Postgres: one pool a service, transactions that also say, migrations, roles."""

from shared.refusals import StaleRevision, UnknownEntity
from shared.storage import rows
from shared.storage.database import Cause, Database, Said, Session, Transaction, connect, session

__all__ = [
    "Cause",
    "Database",
    "Said",
    "Session",
    "StaleRevision",
    "Transaction",
    "UnknownEntity",
    "connect",
    "rows",
    "session",
]
