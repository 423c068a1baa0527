"""The development issuer over HTTP: its keys, its discovery document, and tokens for whoever asks."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.issuer.tokens import VALID_FOR, Issuer, NotAsked, Wanted

MAX_FORM_BYTES = 16_384


def issuer_app(issuer: Issuer) -> Starlette:
    """An application that issues tokens of `issuer`."""

    async def jwks(request: Request) -> Response:  # noqa: ARG001 - the shape of an endpoint
        return JSONResponse(issuer.jwks())

    async def discovery(request: Request) -> Response:  # noqa: ARG001 - the shape of an endpoint
        return JSONResponse(issuer.discovery())

    async def token(request: Request) -> Response:
        try:
            form = parse_qs((await request.body()).decode(), max_num_fields=50)
            wanted = Wanted.of(form)
        except NotAsked as refusal:
            return JSONResponse({"error": "invalid_request", "error_description": str(refusal)}, 400)
        except ValueError:
            return JSONResponse({"error": "invalid_request", "error_description": "Send a form in UTF-8."}, 400)
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
