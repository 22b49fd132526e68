"""Logging in anew where an application of others wants that: their provider has to ask the person too."""

import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from psa_sdk.testing import Kit

from .conftest import STAFF, Visitor, on_time, provider, refusals
from .liar import Liar

BACK = "https://app.example.com/callback"


async def proven_at(kit: Kit) -> list[Any]:
    """Return when the people of a tenant's sessions proved who they are, seen from when those began, in seconds."""
    rows = await kit.installation.rows(
        "SELECT (floor(extract(epoch FROM authenticated_at)) - floor(extract(epoch FROM created_at)))::int AS seconds"
        " FROM psa.session"
        " WHERE tenant_id = $1 AND provider <> '' ORDER BY id",
        kit.tenant_id,
    )
    return [row["seconds"] for row in rows]


async def come(kit: Kit, way: str, liar: Liar, *, again: str, at: int | None) -> str:
    """Log in, at the provider `at` seconds from now; returns where it leads."""
    now = int(kit.now.timestamp())
    liar.claims = {"groups": ["Helpdesk"], "auth_time": None if at is None else now + at}
    liar.claims |= {"iat": now, "exp": now + 300}
    one = Visitor(kit)
    asked = await one.leave(way, again=again)
    assert (asked.get("prompt"), asked.get("max_age")) == (("login", "0") if again else (None, None))
    return await one.come_back(way, state=asked["state"], code=liar.code(asked, f"code-{kit.number()}"))


async def test_a_provider_is_made_to_ask_and_its_word_is_checked(kit, liar: Liar):
    """OpenID Connect Core 3.1.2.1 and 2: `prompt=login`, `max_age`, `auth_time`."""
    way = await provider(kit, liar.issuer, **STAFF)
    assert await come(kit, way, liar, again="", at=None) == "/ui/"
    assert await come(kit, way, liar, again="", at=-7200) == "/ui/"
    assert await come(kit, way, liar, again="1", at=None) == "/ui/"
    assert await come(kit, way, liar, again="1", at=0) == "/ui/"
    # Their clock may be late, or early: what follows the question isn't before it, nor to come.
    assert await come(kit, way, liar, again="1", at=-60) == "/ui/"
    assert await come(kit, way, liar, again="", at=100) == "/ui/"
    assert await proven_at(kit) == [None, -7200, 0, 0, 0, 0]
    assert await come(kit, way, liar, again="1", at=-200) == "/ui/login?refused=sso"
    assert await refusals(kit) == ["not_anew"]


class Application:
    """An application of others, as far as a browser meets it."""

    def __init__(self, kit: Kit, id: str) -> None:
        self.kit, self.id = kit, id

    def question(self, **given: str) -> dict[str, str]:
        return {
            "response_type": "code", "client_id": self.id, "redirect_uri": BACK, "scope": "openid",
            "code_challenge": secrets.token_urlsafe(32), "code_challenge_method": "S256", **given,
        }  # fmt: skip


def query(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


async def test_an_application_that_wants_a_new_log_in_gets_one_at_the_provider_too(new_kit, liar: Liar):
    kit = on_time(await new_kit())
    way = await provider(kit, liar.issuer, **STAFF)
    values = {"name": f"Example app {kit.number()}", "redirect_uris": [BACK], "scopes": ["openid"]}
    made = await (await kit.admin()).post("/oauth-clients", values)
    app, one = Application(kit, made.json()["data"]["id"]), Visitor(kit)

    async def through(page: str, at: int | None, *, wish: str = "&again=1") -> str:
        """Press the button of a log-in page, and log in at the provider."""
        shown = await one.http.get(page)
        [start] = [part.partition('"')[0] for part in shown.text.split('href="') if "/start" in part[:120]]
        left = await one.http.get(start.replace("&amp;", "&").replace("&again=1", wish))
        asked = query(left.headers["location"])
        now = int(kit.now.timestamp())
        liar.claims = {"groups": ["Helpdesk"], "iat": now, "exp": now + 300}
        liar.claims |= {"auth_time": None if at is None else now + at}
        code = liar.code(asked, f"code-{kit.number()}")
        told.append(asked)
        return await one.come_back(way, state=asked["state"], code=code)

    told: list[dict[str, str]] = []
    # Nobody is logged in, and a log-in of the last hour is wanted: their provider is to ask.
    led = await one.http.get("/ui/oauth/authorize", params=app.question(max_age="3600"))
    page = await through(led.headers["location"], 0)
    assert told[-1]["prompt"] == "login"
    assert (await one.http.get(page)).status_code == 200
    kit.advance(timedelta(seconds=10))
    led = await one.http.get("/ui/oauth/authorize", params=app.question(prompt="login"))
    # A wrong password on the way doesn't make it forget.
    form = {
        "next": query(led.headers["location"])["next"],
        "again": "1",
        "email": "x@example.com",
        "password": "x",
    }
    tried = await Visitor(kit).http.post("/ui/login", data=form)
    assert tried.status_code == 401
    assert "again=1" in tried.text.partition("/start?")[2][:2000]
    page = await through(led.headers["location"], None)
    assert (told[-1]["prompt"], told[-1]["max_age"]) == ("login", "0")
    assert (await one.http.get(page)).status_code == 200
    # Whoever leaves the wish out on the way hasn't fulfilled it: the provider may have asked nobody.
    kit.advance(timedelta(seconds=10))
    led = await one.http.get("/ui/oauth/authorize", params=app.question(prompt="login"))
    page = await through(led.headers["location"], None, wish="")
    assert "prompt" not in told[-1]
    refused = await one.http.get(page)
    assert query(refused.headers["location"])["error"] == "unmet_authentication_requirements"
    silent = await one.http.get("/ui/oauth/authorize", params=app.question(prompt="none", max_age="5"))
    assert query(silent.headers["location"])["error"] == "login_required"
    # It is asked for once more, and goes on.
    led = await one.http.get("/ui/oauth/authorize", params=app.question(max_age="3600"))
    page = await through(led.headers["location"], 0)
    assert (await one.http.get(page)).status_code == 200
