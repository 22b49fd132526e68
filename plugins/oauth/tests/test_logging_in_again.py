"""How recently a person logged in, where an application minds: `prompt=login`, `max_age`, `auth_time`."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

from .desk import Browser, Desk, told


async def claims(desk: Desk, token: dict[str, Any]) -> dict[str, Any]:
    keys = KeySet.import_key_set((await desk.http.get(f"{desk.api}/jwks")).json())
    return jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims


async def test_a_person_logs_in_once_more_where_an_application_wants_that(desk: Desk, tess: Browser):
    """OpenID Connect Core 3.1.2.1 and 2: once more is once, and `auth_time` tells when, after renewals too."""
    app = await desk.register()
    led, _ = await tess.open(app, prompt="login")
    assert "again=1" in led.headers["location"], "a provider that knows them is to ask them too"
    assert await tess.log_in(await tess.http.get(led.headers["location"])) == wanted(led)
    first = int(desk.kit.now.timestamp())
    # The log-in that the application wanted has been: the page asks, and no second time.
    assert (await tess.http.get(wanted(led))).status_code == 200
    desk.kit.advance(timedelta(seconds=100))
    for given in ({"prompt": "login"}, {"max_age": "99"}, {"max_age": "0"}, {"prompt": "consent login"}):
        led, verifier = await tess.open(app, **given)
        assert (led.status_code, urlsplit(led.headers["location"]).path) == (303, "/ui/login"), given
    assert (await tess.open(app, max_age="100"))[0].status_code == 200
    silent, _ = await tess.open(app, prompt="none", max_age="99")
    assert told(silent.headers["location"])["error"] == "login_required"
    wrong, _ = await tess.open(app, max_age="soon")
    assert told(wrong.headers["location"])["error"] == "invalid_request"
    asked = await tess.http.get(led.headers["location"])
    # Whoever goes on without it gets nothing.
    assert (await tess.answer(await tess.http.get("/ui/profile"), wanted(led)))["error"] == "login_required"
    assert await tess.log_in(asked) == wanted(led)
    page = await tess.http.get(wanted(led))
    token = (await desk.redeem(app, (await tess.answer(page, wanted(led)))["code"], verifier)).json()
    assert (await claims(desk, token))["auth_time"] == first + 100
    desk.kit.advance(timedelta(seconds=50))
    renewed = await desk.token(app, grant_type="refresh_token", refresh_token=token["refresh_token"])
    assert (await claims(desk, renewed.json()))["auth_time"] == first + 100


def wanted(led: httpx.Response) -> str:
    """Return the page to which a log-in leads back."""
    return parse_qs(urlsplit(led.headers["location"]).query)["next"][0]
