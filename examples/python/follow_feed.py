"""Follows the published impact by asking: a snapshot first, then every line that comes after it.

Run it so: IMPACT_URL=http://127.0.0.1:8104/v1 STATE_FILE=table.json python follow_feed.py [gemeente=GM0518 ...]
"""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from table import Table, table

IMPACT = os.environ.get("IMPACT_URL", "http://127.0.0.1:8104/v1")
WAIT_SECONDS, PAUSE_SECONDS = 25, 2
FILTERS = dict(word.split("=", 1) for word in sys.argv[1:])


def ask(path: str, **more: object) -> dict[str, Any]:
    """The answer. Raises: urllib.error.URLError; HTTPError where the question was wrong."""
    query = urllib.parse.urlencode({**FILTERS, **more})
    with urllib.request.urlopen(f"{IMPACT}/{path}?{query}", timeout=WAIT_SECONDS + 10) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def begin(kept: Table) -> None:
    """Everything that is shown at this moment, page by page, and the cursor that belongs to it."""
    kept.rows, page = {}, ask("snapshot", limit=1000)
    while True:
        for line in page["items"]:
            kept.apply(line)
        if page["next"] is None:
            break
        page = ask("snapshot", limit=1000, after=page["next"])
    kept.save(page["cursor"])


def follow(kept: Table) -> None:
    """What comes after the cursor; the question waits for it. `next` moves on, also when nothing passed the filter."""
    page = ask("feed", after=kept.place, wait=WAIT_SECONDS)
    for line in page["items"]:
        kept.apply(line)
        print(f"{line['kind']}: {line['indicator']} of {line['scopeName']}, release {line['release']}", flush=True)
    kept.save(page["next"])


def main() -> None:
    """Until it is stopped; started again, it goes on from where it was."""
    kept = table()
    while True:
        try:
            follow(kept) if kept.place else begin(kept)
        except urllib.error.HTTPError as refused:
            if refused.code == 400 and kept.place:  # the cursor is not known any more: begin anew
                kept.place = None
                continue
            if refused.code < 500 and refused.code != 429:
                sys.exit(refused.read().decode())
            time.sleep(float(refused.headers.get("Retry-After", PAUSE_SECONDS)))
        except OSError as away:
            print(f"not reached ({away}); trying again", file=sys.stderr)
            time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
