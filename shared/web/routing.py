"""The routes of a service: each authenticates, runs in one transaction, and answers a mutation once."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, TypeVar
from uuid import uuid4

from fastapi import APIRouter, Depends
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from shared.persons import refuse_person_data
from shared.storage import Cause, Transaction
from shared.web.auth import Caller, Permit, bearer_of
from shared.web.bodies import Result
from shared.web.idempotency import HEADER, answer_once, asked_by, is_key, require_key
from shared.web.jsonbody import JsonRequest
from shared.web.paging import Page
from shared.web.query import query_of, unknown_in
from shared.web.values import etag_of, transaction_of

Endpoint = Callable[..., Any]
E = TypeVar("E", bound=Callable[..., Any])
Handler = Callable[[Request], Coroutine[Any, Any, Response]]

NEEDS_IF_MATCH = frozenset({"PUT", "PATCH", "DELETE"})
TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
WAIT_FOR_DATABASE_S = 5.0
"""How long a request waits for a connection before it is told to come back later."""

_returned: ContextVar[object] = ContextVar("returned", default=None)
_unknown: ContextVar[Sequence[dict[str, Any]]] = ContextVar("unknown", default=())
"""What is in the query and not known: the endpoint is not called then, but first all else that is wrong is found."""


def service_router(prefix: str, tag: str) -> APIRouter:
    """A router whose every route says who may call it, runs in one transaction, and answers a mutation once.

    Its handlers are coroutines; what they return becomes the answer, with an ETag and a Link where these belong.
    """
    return APIRouter(prefix=prefix, tags=[tag], route_class=ServiceRoute)


def repeatable_router(prefix: str, tag: str) -> APIRouter:
    """The same, for changes that are known by what they carry: sent again they have no effect, and need no Idempotency-Key."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=RepeatableRoute)


def naming_a_person(*fields: str) -> Callable[[E], E]:
    """Lets these fields of the body say who somebody is. The handler keeps them where they can be erased, or not at all."""

    def marked(handler: E) -> E:
        handler.names_a_person = fields  # type: ignore[attr-defined] # a mark on the function, for the route
        return handler

    return marked


class ServiceRoute(APIRoute):
    """One operation of a service."""

    needs_key: ClassVar[bool] = True

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        if self.needs_key and options.get("methods") not in (None, {"GET"}, ["GET"]):
            options["dependencies"] = [*(options.get("dependencies") or ()), Depends(require_key)]
        super().__init__(path, _noting_what_it_returns(endpoint), **options)
        self.permit = self._only_permit()
        if self.permit.public:
            self.openapi_extra = {"security": [{}]}  # added to the bearer token: a token is not needed
        self._check_if_match()

    def get_route_handler(self) -> Handler:
        """FastAPI's handler, within the transaction and behind the permit."""
        handler = _knowing(query_of(self.dependant), super().get_route_handler())
        return self._reading(handler) if self.methods == {"GET"} else self._writing(handler)

    def _reading(self, handler: Handler) -> Handler:
        takes_tx = any(call is transaction_of for call in _calls(self.dependant))

        async def read(request: Request) -> Response:
            await self._admit(request)
            if not takes_tx:
                return await _answer(handler, request)
            async with _opened(request, writes=False) as tx:
                request.state.tx = tx
                return await _answer(handler, request)

        return read

    def _writing(self, handler: Handler) -> Handler:
        takes_json = self.body_field is not None
        names = frozenset(getattr(self.endpoint, "names_a_person", ()))

        async def write(request: Request) -> Response:
            caller = await self._admit(request)
            request = JsonRequest(request.scope, request.receive)
            body = await request.body()
            if takes_json and body:
                request.require_json()
                refuse_person_data(_apart_from(names, await request.json()))
            key = request.headers.get(HEADER, "")
            async with _opened(request, writes=True) as tx:
                request.state.tx = tx
                ask = functools.partial(_answer, handler, request)
                if not self.needs_key or not is_key(key):  # the handler names this fault, with all others
                    return await ask()
                return await answer_once(tx, asked_by(caller, request, body, key), request.state.now, ask)

        return write

    async def _admit(self, request: Request) -> Caller | None:
        state = request.app.state
        request.state.now = state.clock()
        token = bearer_of(request)
        login = None if token is None else await state.verifier.login_of(token)
        self.permit.admit(login)
        caller = None if login is None else Caller.of(login, await state.people.find(login.subject))
        request.state.caller = caller
        return caller

    def _only_permit(self) -> Permit:
        permits = [call for call in _calls(self.dependant) if isinstance(call, Permit)]
        if len(permits) != 1:
            raise TypeError(f"{self.name} must say who may call it, once: with caller_of(...) or anyone()")
        return permits[0]

    def _check_if_match(self) -> None:
        takes = any(field.alias == "If-Match" for field in self.dependant.header_params)
        if not NEEDS_IF_MATCH.isdisjoint(self.methods or ()) and not takes:
            raise TypeError(f"{self.name} changes what somebody saw: it must take if_match: IfMatch")


class RepeatableRoute(ServiceRoute):
    """One operation that tells by itself whether it was asked before."""

    needs_key = False


@asynccontextmanager
async def _opened(request: Request, *, writes: bool) -> AsyncIterator[Transaction]:
    """The request's transaction. Raises: TimeoutError, when no connection comes free in time."""
    database = request.app.state.database
    opening = database.transaction(cause_of(request)) if writes else database.reading()
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(WAIT_FOR_DATABASE_S):
            tx: Transaction = await stack.enter_async_context(opening)
        yield tx


def cause_of(request: Request) -> Cause:
    """What leads to whatever is said in this request: a correlation of its own, and the trace that the caller is in."""
    traceparent = request.headers.get("traceparent", "")
    return Cause(correlation=uuid4(), traceparent=traceparent if TRACEPARENT.fullmatch(traceparent) else None)


async def _answer(handler: Handler, request: Request) -> Response:
    _returned.set(None)
    response = await handler(request)
    returned = _returned.get()
    if isinstance(returned, Result) and returned.revision is not None:
        response.headers["ETag"] = etag_of(returned.revision)
    elif isinstance(returned, Page) and (link := returned.link(request.url)):
        response.headers["Link"] = link
    return response


def _knowing(known: frozenset[str], handler: Handler) -> Handler:
    """The handler, which names what is not known in the query with all other faults. Raises: RequestValidationError."""

    async def handle(request: Request) -> Response:
        unknown = unknown_in(request, known)
        _unknown.set(unknown)
        try:
            return await handler(request)
        except RequestValidationError as error:
            if not unknown:
                raise
            raise RequestValidationError([*error.errors(), *unknown], body=error.body) from None

    return handle


def _apart_from(names: frozenset[str], content: object) -> object:
    return {key: value for key, value in content.items() if key not in names} if isinstance(content, dict) else content


def _noting_what_it_returns(endpoint: Endpoint) -> Endpoint:
    if not asyncio.iscoroutinefunction(endpoint):
        raise TypeError(f"{endpoint.__name__} must be a coroutine: it runs inside the transaction")

    @functools.wraps(endpoint)
    async def noted(**values: Any) -> object:
        if _unknown.get():
            raise RequestValidationError([])  # the rest is right; _knowing adds what is unknown
        returned = await endpoint(**values)
        _returned.set(returned)
        return returned

    return noted


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any] | Awaitable[Any] | None]:
    for part in dependant.dependencies:
        yield part.call
        yield from _calls(part)
