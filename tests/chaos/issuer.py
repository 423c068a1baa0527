"""`python -m tests.chaos.issuer`: the development issuer with a clock that is behind.

So its tokens hold for a service too whose clock is set back: what is tried then is the service, not the token.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from deploy.issuer import __main__ as program
from shared.clock import system_clock

BEHIND = timedelta(hours=2)


def clock_behind() -> datetime:
    """Two hours ago."""
    return system_clock() - BEHIND


if __name__ == "__main__":
    program.system_clock = clock_behind  # type: ignore[attr-defined] # imported there by name
    program.serve()
