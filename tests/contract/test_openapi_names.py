"""No two things in the description of a service bear one name: each would get the name of its module too, which is no name."""

from __future__ import annotations

import json
import re

import pytest

from deploy.local.settings import ROOT, SERVICES

NAME = re.compile(r"[A-Z][A-Za-z0-9]*")


@pytest.mark.parametrize("service", SERVICES)
def test_every_schema_has_a_name_of_its_own(service: str) -> None:
    document = json.loads((ROOT / "docs" / "openapi" / f"{service}.json").read_text(encoding="utf-8"))
    assert [name for name in document["components"]["schemas"] if not NAME.fullmatch(name)] == []
