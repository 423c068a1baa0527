"""Publishes events over HTTP: those in the files that are named, each a CloudEvent in JSON, or a list of them.

Run it so, with TOKEN_URL, CLIENT_ID, CLIENT_SECRET_FILE and EVENTS_URL set: python publish.py [--dry-run] event.json

An event that is sent again, with the same source and id, gets the same answer and has no second effect. So whatever goes
wrong on the way, sending it again is right.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from platform_login import Login

EVENTS = os.environ.get("EVENTS_URL", "http://127.0.0.1:8103/v1/events")
PATIENCE_SECONDS, PAUSE_SECONDS = 60, 2


def send(login: Login, events: list[Any], dry_run: bool) -> tuple[int, dict[str, Any]]:
    """The status and the answer. While the service is away or busy, it is tried again."""
    address = f"{EVENTS}?dryRun=true" if dry_run else EVENTS
    body = json.dumps(events).encode()
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        headers = {"Content-Type": "application/cloudevents-batch+json", **login.headers()}
        try:
            asked = urllib.request.Request(address, body, headers)
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            if (refused.code < 500 and refused.code != 429) or time.monotonic() > give_up_at:
                return refused.code, json.load(refused)
            pause = float(refused.headers.get("Retry-After", PAUSE_SECONDS))
        except OSError:
            if time.monotonic() > give_up_at:
                raise
            pause = PAUSE_SECONDS
        time.sleep(pause)


def told(outcome: dict[str, Any]) -> str:
    """What became of one event, for people."""
    if outcome["status"] == "accepted":
        return f"{outcome['eventId']}: accepted as publication {outcome['id']}"
    problem = outcome["problem"]
    faults = "".join(f"\n  {fault['field']}: {fault['message']}" for fault in problem.get("errors", ()))
    return f"{outcome['eventId']}: refused. {problem['title']}. {problem['detail']}{faults}"


def main() -> None:
    """Sends, and says what became of each event. Fails when one was refused."""
    dry_run = "--dry-run" in sys.argv
    events: list[Any] = []
    for name in sys.argv[1:]:
        if name != "--dry-run":
            read = json.loads(Path(name).read_text(encoding="utf-8"))
            events += read if isinstance(read, list) else [read]
    status, answer = send(Login(), events, dry_run)
    if "items" not in answer:
        sys.exit(f"{status}: {answer['title']}. {answer['detail']}")
    print("\n".join(map(told, answer["items"])))
    if any(outcome["status"] != "accepted" for outcome in answer["items"]):
        sys.exit(1)


if __name__ == "__main__":
    main()
