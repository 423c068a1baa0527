"""How a test asks as an operator."""

from __future__ import annotations

from typing import Any

import httpx

WHY = {"reason": "kapot aangekomen"}


async def ask(client: httpx.AsyncClient, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - any JSON
    """What it answers when all is well."""
    answer = await client.request(method, path, json=body)
    assert answer.is_success, answer.text
    return answer.json()
