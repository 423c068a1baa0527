"""The application of one service: its routes under /v1, its OpenAPI document, and problems for all that goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.clock import Clock
from shared.refusals import Refusal
from shared.storage import Database
from shared.web.envelope import Envelope, Observe, unseen
from shared.web.logins import Unauthenticated
from shared.web.openapi import BASE_PATH, openapi_document
from shared.web.people import People
from shared.web.problems import Problem, problem_of
from shared.web.tokens import Verifier

API_VERSION = "1.0.0"
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build_app(
    title: str,
    routers: Sequence[APIRouter],
    *,
    database: Database,
    verifier: Verifier,
    clock: Clock,
    outside: Iterable[APIRouter] = (),
    lifespan: Lifespan | None = None,
    observe: Observe = unseen,
    public_path: str = "",
) -> FastAPI:
    """An application that answers `routers` under /v1, and `outside` (health) beside it.

    `observe` is told of every exchange; `clock` gives the present instant, in UTC. `public_path` is where a proxy puts it all
    ("/matching"): the server must give it as the root path, so that every address in an answer is one that a caller can use.
    """
    app = _routed(title, routers, outside, lifespan)
    app.state.clock = clock
    app.state.database = database
    app.state.verifier = verifier
    app.state.people = People(database, clock)
    _publish_document(app, public_path)
    for kind in (HTTPException, Problem, Refusal, RequestValidationError, Unauthenticated):
        app.add_exception_handler(kind, _refuse)
    app.add_middleware(Envelope, version=API_VERSION, observe=observe)
    return app


def document_of(title: str, routers: Sequence[APIRouter]) -> dict[str, Any]:
    """The OpenAPI document that `build_app` publishes for these routers, for docs/openapi/."""
    return openapi_document(_routed(title, routers))


def _routed(
    title: str, routers: Sequence[APIRouter], outside: Iterable[APIRouter] = (), lifespan: Lifespan | None = None
) -> FastAPI:
    app = FastAPI(
        title=title,
        version=API_VERSION,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    for router in outside:
        app.include_router(router, include_in_schema=False)
    for router in routers:
        app.include_router(router, prefix=BASE_PATH)
    return app


def _publish_document(app: FastAPI, public_path: str) -> None:
    document = json.dumps(openapi_document(app, public_path), ensure_ascii=False).encode()

    async def openapi_json(request: Request) -> Response:  # noqa: ARG001 - the shape of an endpoint
        return Response(document, media_type="application/json", headers={"Access-Control-Allow-Origin": "*"})

    app.add_route(f"{BASE_PATH}/openapi.json", openapi_json, methods=["GET"], include_in_schema=False)


async def _refuse(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem.status == 405:
        problem.headers["Allow"] = _allowed(request)
    return problem.response(request.scope["path"])


def _allowed(request: Request) -> str:
    """All methods that some route takes at this address; a framework names only those of the first route."""
    path = request.scope["path"].removeprefix(request.scope["root_path"])
    contexts = (context for context in iter_route_contexts(request.app.routes) if context.path_regex.match(path))
    methods = {method for context in contexts for method in context.methods or ()}
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


def _operation_id(route: APIRoute) -> str:
    """ "fundingPutCommitment": unique when handlers within a tag have names of their own."""
    words = "_".join((*map(str, route.tags), route.name)).replace(" ", "_").replace("-", "_").split("_")
    return words[0].lower() + "".join(word.capitalize() for word in words[1:])
