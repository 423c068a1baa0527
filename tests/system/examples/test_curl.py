"""What examples/curl shows can be typed as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import httpx

from tests.ports import free_port
from tests.system.examples.ledger import Ledger
from tests.system.examples.programs import EXAMPLES, Subscriber, run, running
from tests.waiting import eventually

PAGE = (EXAMPLES / "curl/README.md").read_text(encoding="utf-8")


def typed(*headings: str) -> str:
    """The commands under these headings, in their order; the shell ends at the first that fails."""
    sections = {part.partition("\n")[0]: part for part in PAGE.split("\n## ")}
    return "set -e\n" + "".join(
        block for heading in headings for block in re.findall(r"```sh\n(.*?)```", sections[heading], re.DOTALL)
    )


async def test_logging_in_publishing_and_looking_it_up(tmp_path: Path, variables: dict[str, str]) -> None:
    code, printed = await run(
        ["sh", "-c", typed("Log in", "Publish")], {**variables, "CLIENT_ID": "voorbeeld-projecteigenaar"}
    )

    assert code == 0, printed
    assert '"dryRun":true' in printed
    assert printed.count('"eventId":"2026-0042"') == 3, printed


async def test_following_from_a_snapshot_on(ledger: Ledger, variables: dict[str, str]) -> None:
    (block,) = await ledger.publishes(1)

    code, printed = await run(["sh", "-c", typed("Follow")], {**variables, "WAIT_SECONDS": "5"})

    assert code == 0, printed
    assert '"more":false' in printed
    assert "id: " in printed
    assert str(block) not in printed, "what the snapshot has comes again after it"


async def test_asking_for_a_webhook_and_answering_its_challenge(
    tmp_path: Path, variables: dict[str, str], subscribed: httpx.AsyncClient
) -> None:
    port = str(free_port())
    secret = tmp_path / "webhook-secret"
    receiver = Subscriber("python/receive_webhooks.py", tmp_path, {"PORT": port, "WEBHOOK_SECRET_FILE": str(secret)})
    asked = {
        **variables,
        "CLIENT_ID": "voorbeeld-dashboard",
        "WEBHOOK_SECRET_FILE": str(secret),
        "RECEIVER_URL": f"http://127.0.0.1:{port}/",
        "KEY": str(uuid4()),
    }
    async with running(receiver):
        await eventually(receiver.listens)
        script = f"cd {tmp_path}\n" + typed("Log in", "Webhooks")
        code, printed = await run(["sh", "-c", script], asked)

    assert code == 0, printed
    assert secret.read_text(encoding="utf-8").startswith("whsec_")
    assert '"state":"actief"' in printed, printed
    assert '"deadLetters":0' in printed
