"""The OpenAPI document says all that a route does."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import pytest

from shared.web import Body, Caller, IfMatch, Page, Paging, Result, Role, Tx, anyone, caller_of, service_router
from shared.web.app import document_of

router = service_router("/open-things", tag="Open things")


class ThingBody(Body):
    end_date: date | None = None


class ThingResult(Result):
    revision: int
    end_date: date | None


@router.get("")
async def list_things(page: Paging, caller: Annotated[Caller | None, anyone()], tx: Tx) -> Page[ThingResult]:
    """All things."""
    raise NotImplementedError


@router.put("/{thing}")
async def put_thing(
    thing: UUID, body: ThingBody, if_match: IfMatch, caller: Annotated[Caller, caller_of(Role.PARTNER)], tx: Tx
) -> ThingResult:
    """Changes a thing."""
    raise NotImplementedError


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return document_of("Dingen", [router])


def test_the_document_names_its_version_its_base_and_whom_to_ask(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"] == "1.0.0"
    assert document["info"]["contact"].keys() == {"name", "url", "email"}
    assert document["servers"] == [{"url": "/v1"}]
    assert set(document["paths"]) == {"/open-things", "/open-things/{thing}"}
    assert "24 hours" in document["info"]["description"]


def test_a_change_says_what_it_needs_and_what_may_come_of_it(document: dict[str, Any]) -> None:
    put = document["paths"]["/open-things/{thing}"]["put"]
    assert put["operationId"] == "openThingsPutThing"
    assert put["security"] == [{"bearer": ["partner"]}]
    required = {parameter["name"] for parameter in put["parameters"] if parameter["required"]}
    assert required == {"thing", "If-Match", "Idempotency-Key"}
    refusals = {"400", "401", "403", "404", "409", "412", "413", "415", "422", "428", "500", "503"}
    assert set(put["responses"]) == {"200", *refusals}
    assert {"API-Version", "ETag", "Idempotency-Replayed"} == set(put["responses"]["200"]["headers"])


def test_a_public_list_needs_no_token_and_links_to_its_next_page(document: dict[str, Any]) -> None:
    get = document["paths"]["/open-things"]["get"]
    assert {} in get["security"]
    assert set(get["responses"]["200"]["headers"]) == {"API-Version", "Link"}
    reference = get["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    assert reference == "#/components/schemas/ThingPage"
    assert "ThingPage" in document["components"]["schemas"]


def test_a_date_or_null_is_one_type_with_a_format(document: dict[str, Any]) -> None:
    for name in ("ThingBody", "ThingResult"):
        end_date = document["components"]["schemas"][name]["properties"]["endDate"]
        assert (end_date["type"], end_date["format"]) == (["string", "null"], "date")


def test_every_refusal_is_a_problem(document: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for response in document["components"]["responses"].values():
        assert list(response["content"]) == ["application/problem+json"]


def test_two_handlers_of_one_name_within_a_tag_are_noticed() -> None:
    double = service_router("/doubles", tag="Doubles")
    for path in ("/one", "/other"):

        @double.get(path)
        async def read(caller: Annotated[Caller | None, anyone()]) -> Result:
            return Result()

    with pytest.raises(UserWarning, match="Duplicate Operation ID"):
        document_of("Dubbel", [double])
