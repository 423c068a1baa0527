"""Follows the published impact as it comes: server-sent events over one open connection.

Run it so: IMPACT_URL=http://127.0.0.1:8104/v1 STATE_FILE=table.json python follow_stream.py [gemeente=GM0518 ...]
"""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator

from table import Table, table

IMPACT = os.environ.get("IMPACT_URL", "http://127.0.0.1:8104/v1")
SILENCE_SECONDS, PAUSE_SECONDS = 60, 2  # a heartbeat comes every 15 seconds
FILTERS = dict(word.split("=", 1) for word in sys.argv[1:])


def events(lines: Iterable[bytes]) -> Iterator[dict[str, str]]:
    """The events of a stream; each ends with an empty line. Lines that begin with a colon are heartbeats."""
    event: dict[str, str] = {}
    for raw in lines:
        line = raw.decode().rstrip("\r\n")
        if not line:
            yield event
            event = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            event[name] = value.removeprefix(" ")


def follow(kept: Table) -> None:
    """One connection, until it ends. What has an id moves the place on; what has data is a line of the ledger."""
    asked = urllib.request.Request(f"{IMPACT}/feed/stream?{urllib.parse.urlencode(FILTERS)}")
    if kept.place:
        asked.add_header("Last-Event-ID", kept.place)
    with urllib.request.urlopen(asked, timeout=SILENCE_SECONDS) as stream:
        for event in events(stream):
            if event.get("event") == "end":
                print(f"the stream ends: {json.loads(event['data'])['reason']}", flush=True)
                return
            if "data" in event:
                kept.apply(json.loads(event["data"]))
                print(f"{event['event']}: {len(kept.shown())} figures are shown", flush=True)
            if "id" in event:
                kept.save(event["id"])


def main() -> None:
    """Until it is stopped; whenever the connection ends it is made again, and goes on from where it was."""
    kept = table()
    while True:
        try:
            follow(kept)
        except urllib.error.HTTPError as refused:
            if refused.code == 400 and kept.place:  # the cursor is not known any more: begin anew
                kept.rows, kept.place = {}, None
            elif refused.code < 500 and refused.code != 429:
                sys.exit(refused.read().decode())
        except OSError as away:
            print(f"not reached ({away}); trying again", file=sys.stderr)
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
