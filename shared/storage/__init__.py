"""Postgres: one pool a service, transactions that also say, migrations, roles."""

from shared.refusals import StaleRevision, UnknownEntity
from shared.storage import rows
from shared.storage.database import Cause, Database, Said, Transaction, connect

__all__ = ["Cause", "Database", "Said", "StaleRevision", "Transaction", "UnknownEntity", "connect", "rows"]
