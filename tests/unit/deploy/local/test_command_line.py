from pathlib import Path

from deploy.local.__main__ import table
from deploy.local.stack import State


def test_the_table_shows_what_runs_where() -> None:
    states = [
        State("postgres", "127.0.0.1:8132", 12, ready=True, log=Path("/d/postgres.log")),
        State("matching", "http://127.0.0.1:8103", None, ready=False, log=Path("/d/matching.log")),
        State("impact", "http://127.0.0.1:8104", 34, ready=False, log=Path("/d/impact.log")),
    ]
    assert table(states).splitlines() == [
        "          state      address                pid  log",
        "postgres  ready      127.0.0.1:8132         12   /d/postgres.log",
        "matching  down       http://127.0.0.1:8103  -    /d/matching.log",
        "impact    not ready  http://127.0.0.1:8104  34   /d/impact.log",
    ]
