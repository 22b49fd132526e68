"""A served tenant, as applications of others and people who are asked meet it."""

import html
import re
import secrets
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from psa_oauth.pkce import challenge
from psa_sdk.testing import Kit

BACK = "https://app.example.com/callback"
PASSWORD = "copper lantern orchard"
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody: reading the certificates of everybody costs each client longer than its requests."""
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
KINDS = ["authorization_code", "refresh_token", "client_credentials", DEVICE]


def asking(app: Mapping[str, Any], **given: Any) -> tuple[dict[str, str], str]:
    """Return a request for a code and the verifier behind its challenge; None leaves a parameter out."""
    verifier = secrets.token_urlsafe(48)
    parameters = {
        "response_type": "code",
        "client_id": app["id"],
        "redirect_uri": BACK,
        "scope": "openid email auth.users.read auth.users.create",
        "state": "s 1",
        "nonce": "n1",
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
    } | given
    return {name: value for name, value in parameters.items() if value is not None}, verifier


def told(address: str) -> dict[str, str]:
    """Return what an application is told at its address."""
    found = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    return found | {"_at": address.partition("?")[0]}


class Desk:
    """A served tenant, an application in it, and a technician who is asked."""

    def __init__(self, kit: Kit, url: str) -> None:
        self.kit, self.url = kit, url
        self.issuer = f"{url}/oauth/{kit.slug}"
        self.api = f"{url}/api/v1/oauth/{kit.slug}"
        self.http = httpx.AsyncClient(timeout=30, verify=NO_TLS)

    async def register(self, name: str = "Example app", **given: Any) -> dict[str, Any]:
        values = {
            "name": name,
            "redirect_uris": [BACK],
            "grant_types": KINDS,
            "scopes": ["openid", "profile", "email", "auth.users.read", "auth.users.create", "auth.roles.*"],
        }
        answer = await (await self.kit.admin()).post("/oauth-clients", {**values, **given})
        assert answer.status_code == 201, answer.text
        data = answer.json()["data"]
        return {"id": data["id"], "secret": data["attributes"]["secret"]}

    async def headers(self, person: Any) -> dict[str, str]:
        """Return what makes a request that of a person in front of a page."""
        token = await self.kit.installation.credential(person.person)
        return {"Authorization": f"Bearer {token}", "PSA-Action": "1"}

    async def allow(self, app: Mapping[str, Any], person: Any, decision: str = "allow", **given: Any) -> Any:
        """Answer the question as a person; returns what the application is told, or the refusal."""
        form, verifier = asking(app, **given)
        answer = await self.http.post(
            f"{self.url}/ui/oauth/authorize",
            data=form | {"decision": decision},
            headers=await self.headers(person),
        )
        return (told(answer.json()["go"]) if answer.status_code == 200 else answer), verifier

    async def ask(
        self, app: Mapping[str, Any], headers: Mapping[str, str], **given: Any
    ) -> tuple[httpx.Response, str]:
        """Open the page that asks; returns it, or where it leads, and the verifier."""
        query, verifier = asking(app, **given)
        sent = {"Accept": "text/html", **{name: headers[name] for name in headers if name != "PSA-Action"}}
        return await self.http.get(f"{self.url}/ui/oauth/authorize", params=query, headers=sent), verifier

    async def token(self, app: Mapping[str, Any] | None, **form: Any) -> httpx.Response:
        credentials = {"client_id": app["id"], "client_secret": app["secret"]} if app else {}
        sent = {name: value for name, value in (credentials | form).items() if value}
        return await self.http.post(f"{self.api}/token", data=sent)

    async def redeem(self, app: Mapping[str, Any], code: str, verifier: str, **given: Any) -> httpx.Response:
        form = {"code": code, "redirect_uri": BACK, "code_verifier": verifier} | given
        return await self.token(app, grant_type="authorization_code", **form)

    async def me(self, token: str, path: str = "/api/v1/auth/me") -> httpx.Response:
        return await self.http.get(f"{self.url}{path}", headers={"Authorization": f"Bearer {token}"})


class Browser:
    """A technician's own browser, in which they log in with their password."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        headers = {"Accept": "text/html", "X-Tenant": desk.kit.slug}
        self.http = httpx.AsyncClient(timeout=30, verify=NO_TLS, base_url=desk.url, headers=headers)
        self.email = f"tess{desk.kit.number()}@example.com"

    async def be_invited(self) -> None:
        """Get an account and choose its password."""
        admin = await self.desk.kit.admin()
        made = await admin.post("/users", {"name": "Tess Example", "email": self.email})
        assert made.status_code == 201, made.text
        self.id = made.json()["data"]["id"]
        link = await admin.post(f"/users/{self.id}/invitations")
        chosen = {"token": link.json()["data"]["attributes"]["token"], "new_password": PASSWORD}
        answer = await self.desk.kit.anonymous().post("/auth/reset-password", chosen)
        assert answer.status_code in {200, 204}, answer.text

    async def open(self, app: Mapping[str, Any], **given: Any) -> tuple[httpx.Response, str]:
        """Open an application's question."""
        query, verifier = asking(app, **given)
        return await self.http.get("/ui/oauth/authorize", params=query), verifier

    async def log_in(self, page: httpx.Response) -> str:
        """Fill the form of a log-in page in; returns where it leads."""
        form = dict(re.findall(r'name="(next|csrf)" value="([^"]*)"', page.text))
        filled = {name: html.unescape(value) for name, value in form.items()}
        answer = await self.http.post("/ui/login", data={**filled, "email": self.email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def answer(self, page: httpx.Response, question: str) -> dict[str, str]:
        """Allow what a question asks, from a page of one's own; returns what the application is told."""
        form = {name: values[0] for name, values in parse_qs(urlsplit(question).query).items()}
        answer = await self.press(page, "/ui/oauth/authorize", form | {"decision": "allow"})
        return told(answer)

    async def press(self, page: httpx.Response, path: str, form: Mapping[str, str]) -> str:
        """Send a form from a page of one's own; returns where it leads."""
        proof = page.text.partition('name="psa-csrf" content="')[2].partition('"')[0]
        pad, _, masked = proof.partition(".")
        token = bytes(a ^ b for a, b in zip(bytes.fromhex(pad), bytes.fromhex(masked), strict=True)).hex()
        headers = {"PSA-Action": "1", "X-CSRF-Token": token}
        answer = await self.http.post(path, data=form, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["go"]

    async def enter(self, app: Mapping[str, Any], **given: Any) -> dict[str, Any]:
        """Log in to an application, at its provider first where one isn't; returns its tokens."""
        page, verifier = await self.open(app, **given)
        if page.status_code == 303:
            question = await self.log_in(await self.http.get(page.headers["location"]))
            page = await self.http.get(question)
        assert page.status_code == 200, page.text
        answered = await self.answer(page, str(page.url))
        token = await self.desk.redeem(app, answered["code"], verifier)
        assert token.status_code == 200, token.text
        return token.json()

    async def is_in(self) -> bool:
        """Tell whether somebody is logged in here."""
        told = await self.http.get("/api/v1/auth/me", headers={"Accept": "application/vnd.api+json"})
        return told.status_code == 200
