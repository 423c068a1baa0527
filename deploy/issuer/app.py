"""The development issuer over HTTP: its keys, its discovery document, and tokens for whoever asks."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.issuer.clients import GRANT, UnknownClient, client_of, declared_in
from deploy.issuer.tokens import VALID_FOR, Issuer, NotAsked, Wanted
from shared.access import BadAccess

MAX_FORM_BYTES = 16_384


def issuer_app(issuer: Issuer) -> Starlette:
    """An application that issues tokens of `issuer`."""

    async def jwks(request: Request) -> Response:  # noqa: ARG001 - the shape of an endpoint
        return JSONResponse(issuer.jwks())

    async def discovery(request: Request) -> Response:  # noqa: ARG001 - the shape of an endpoint
        return JSONResponse(issuer.discovery())

    async def token(request: Request) -> Response:
        try:
            wanted = _wanted(parse_qs((await request.body()).decode(), max_num_fields=50), request)
        except UnknownClient as refusal:
            return _refused("invalid_client", str(refusal), 401, {"WWW-Authenticate": 'Basic realm="issuer"'})
        except (NotAsked, BadAccess) as refusal:
            return _refused("invalid_request", str(refusal))
        except ValueError:
            return _refused("invalid_request", "Send a form in UTF-8.")
        answer = {
            "access_token": issuer.token(wanted),
            "token_type": "Bearer",
            "expires_in": int(VALID_FOR.total_seconds()),
        }
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def ready(request: Request) -> Response:  # noqa: ARG001 - the shape of an endpoint
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/jwks", jwks),
            Route("/.well-known/openid-configuration", discovery),
            Route("/token", token, methods=["POST"], max_body_size=MAX_FORM_BYTES),
            Route("/health/ready", ready),
        ]
    )


def _wanted(form: dict[str, list[str]], request: Request) -> Wanted:
    """Systems ask as they ask any issuer; people of this machine say what they want to be."""
    if form.get("grant_type") == [GRANT]:
        return client_of(form, request.headers.get("authorization"), declared_in())
    return Wanted.of(form)


def _refused(error: str, why: str, status: int = 400, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": error, "error_description": why}, status, headers)
