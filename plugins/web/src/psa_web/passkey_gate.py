"""Passkeys in a browser: instead of the password, as second step, and making one. Answers for `passkey.js`."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar import Response

from psa_sdk.context import Context
from psa_sdk.errors import Invalid
from psa_sdk.routes import AUTHENTICATED, PUBLIC
from psa_sdk.web import Browser, SecondStep, Values, WebRequest, WebRoute
from psa_web import answers
from psa_web.serving import Server

SETUP = "mfa_setup_required"
_MOST_BYTES = 1 << 16


class Asked(msgspec.Struct):
    """Who begins to log in, where the host doesn't tell the organisation."""

    organisation: str = ""


class Shown(Asked):
    """A passkey that is shown, and where to go then."""

    credential: dict[str, Any] = {}
    next: str = ""


class Made(msgspec.Struct):
    """A passkey just made."""

    credential: dict[str, Any]
    name: str = ""
    next: str = ""


def passkey_routes(server: Server, onward: Any, states: Sequence[str]) -> list[WebRoute]:
    """Return a shell's routes for passkeys; `onward` makes a safe path of where somebody wanted to go."""
    frame = server.frame

    async def log_in_options(ctx: Context, request: WebRequest) -> Response[Any]:
        asked = await _body(request, Asked)
        return _options(await ctx.service(Browser).passkey_options(request, "log_in", asked.organisation))

    async def log_in(ctx: Context, request: WebRequest) -> Response[Any]:
        shown = await _body(request, Shown)
        cookie = await ctx.service(Browser).log_in_by_passkey(
            request, frame.audience, shown.credential, shown.organisation
        )
        return answers.json({"go": onward(shown.next, frame.prefix)}, headers={"Set-Cookie": cookie.header()})

    async def confirm_options(ctx: Context, request: WebRequest) -> Response[Any]:
        return _options(await ctx.service(Browser).passkey_options(request, "confirm"))

    async def confirm(ctx: Context, request: WebRequest) -> Response[Any]:
        shown = await _body(request, Shown)
        passed = await ctx.service(Browser).confirm_passkey(request, shown.credential)
        return _stepped(passed, request, ctx, shown.next)

    async def creation_options(ctx: Context, request: WebRequest) -> Response[Any]:
        return _options(await ctx.service(Browser).passkey_options(request, "register"))

    async def add(ctx: Context, request: WebRequest) -> Response[Any]:
        made = await _body(request, Made)
        name = made.name.strip()[:100] or "Passkey"
        passed = await ctx.service(Browser).add_passkey(request, name, made.credential)
        return _stepped(passed, request, ctx, made.next)

    def _stepped(passed: SecondStep, request: WebRequest, ctx: Context, wanted: str) -> Response[Any]:
        headers = {"Set-Cookie": passed.cookie.header()} if passed.cookie else {}
        home = onward(wanted, frame.prefix) if passed.cookie else f"{frame.prefix}/profile"
        if not passed.recovery_codes:
            return answers.json({"go": home}, headers=headers)
        place = server.site.here(ctx, request, frame)
        data = {"codes": passed.recovery_codes, "onward": home}
        return answers.json(
            {"html": server.site.render(place, "web/recovery_codes.html", data)}, headers=headers
        )

    half = tuple(states)
    return [
        server.route("auth", "POST", "/login/passkey/options", PUBLIC, log_in_options, max_body=1 << 12),
        server.route("auth", "POST", "/login/passkey", PUBLIC, log_in, max_body=_MOST_BYTES),
        server.route(
            "auth", "POST", "/second-step/passkey/options", AUTHENTICATED, confirm_options, confined=half
        ),
        server.route(
            "auth",
            "POST",
            "/second-step/passkey",
            AUTHENTICATED,
            confirm,
            confined=half,
            max_body=_MOST_BYTES,
        ),
        server.route("auth", "POST", "/passkeys/options", AUTHENTICATED, creation_options, confined=(SETUP,)),
        server.route(
            "auth", "POST", "/passkeys", AUTHENTICATED, add, confined=(SETUP,), max_body=_MOST_BYTES
        ),
    ]


def _options(public_key: Values) -> Response[Any]:
    return answers.json({"publicKey": public_key}, headers={"Cache-Control": "no-store"})


async def _body(request: WebRequest, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.DecodeError as error:
        raise Invalid(str(error)) from error


def shown_at(request: WebRequest, ctx: Context) -> Mapping[str, bool]:
    """Return what a gate's template needs to know: whether passkeys can be used here."""
    return {"passkeys_here": ctx.service(Browser).takes_passkeys(request)}
