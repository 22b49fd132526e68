"""Logging in with assertions: from the button to the session, each of them once, in the browser that began it."""

import base64
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from psa_sdk.testing import Kit
from psa_sso_saml.reading import NAMES

from .idp import ENTITY, PEM, SSO, Saying, encrypted, inflated, metadata, posted, response, signed

TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
STAFF: dict[str, Any] = {
    "name": "Example ID",
    "creates_accounts": True,
    "trusts_email": True,
    "email_domains": ["example.com"],
    "groups_attribute": "groups",
    "name_attribute": "displayName",
    "group_roles": {"Helpdesk": ["technician"], "Leads": ["manager"]},
}


async def provider(kit: Kit, **attributes: Any) -> tuple[str, dict[str, Any]]:
    """Set a provider up from its metadata and return its id and attributes."""
    admin = await kit.admin()
    given = {**STAFF, "name": f"Example ID {kit.number()}", **attributes}
    made = await admin.post("/saml-providers", given)
    assert made.status_code == 201, made.text
    way = made.json()["data"]["id"]
    taken = await admin.post(f"/saml-providers/{way}/import", {"document": metadata()})
    assert taken.status_code == 200, taken.text
    return way, taken.json()["data"]["attributes"]


class Visitor:
    """A browser: it keeps cookies, sends none with other sites' forms, and follows nothing by itself."""

    def __init__(self, kit: Kit, way: str) -> None:
        transport = httpx.ASGITransport(kit.installation.app, client=("192.0.2.9", 4711))
        headers = {"X-Tenant": kit.slug, "Accept": "text/html"}
        self.http = httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)
        self.kit, self.way = kit, way
        self.home = "http://localhost"

    async def leave(self, **query: str) -> tuple[str, dict[str, str]]:
        """Begin a log-in; returns the address and the attributes of the request."""
        left = await self.http.get(f"/ui/sso/saml/{self.way}/start", params=query)
        assert left.status_code == 303, left.text
        url = left.headers["location"]
        request = etree.fromstring(inflated(parse_qs(urlsplit(url).query)["SAMLRequest"][0]))
        return url, {**request.attrib, "Issuer": request.findtext("saml:Issuer", namespaces=NAMES)}

    async def bring(self, message: str) -> str:
        """Post a response as the provider's page does, and return where that leads."""
        stranger = httpx.AsyncClient(transport=self.http._transport, base_url=self.home)
        headers = {
            "X-Tenant": self.kit.slug,
            "Origin": "https://idp.example.com",
            "Sec-Fetch-Site": "cross-site",
        }
        sent = await stranger.post(
            f"/api/v1/saml-providers/{self.way}/acs", data={"SAMLResponse": message}, headers=headers
        )
        assert sent.status_code == 303, sent.text
        return sent.headers["location"]

    async def come_for(self, location: str) -> str:
        """Follow to where the browser comes for what arrived."""
        came = await self.http.get(location)
        assert came.status_code == 303, came.text
        return came.headers["location"]

    async def me(self) -> dict[str, Any] | None:
        answer = await self.http.get("/api/v1/auth/me", headers={"Accept": "application/vnd.api+json"})
        return answer.json()["data"]["attributes"] if answer.status_code == 200 else None


def saying(kit: Kit, asked: dict[str, str], **changes: Any) -> Saying:
    known = Saying(
        acs=asked["AssertionConsumerServiceURL"],
        audience=asked["Issuer"],
        request=asked["ID"],
        identifier=f"_a{kit.number()}",
        now=kit.now,
    )
    return msgspec.structs.replace(known, **changes)


async def refusals(kit: Kit) -> list[str]:
    rows = await kit.installation.rows(
        "SELECT detail->>'reason' AS reason FROM psa.audit_entry WHERE tenant_id = $1 AND action = 'login_failed'"
        " ORDER BY id",
        kit.tenant_id,
    )
    return [row["reason"] for row in rows]


async def test_people_log_in_with_an_assertion_of_their_provider(kit):
    way, shown = await provider(kit)
    assert (shown["idp_entity_id"], shown["idp_sso_url"], shown["idp_certificates"]) == (ENTITY, SSO, PEM)
    one = Visitor(kit, way)
    url, asked = await one.leave(next="/ui/tickets")
    # What we say is signed with the key of our metadata.
    described = await kit.anonymous().get(f"/saml-providers/{way}/metadata", headers={"Accept": "*/*"})
    ours = etree.fromstring(described.content)
    assert ours.get("entityID") == asked["Issuer"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(shown["certificate"]))
    assert shown["certificate"] in described.text
    query = urlsplit(url).query.partition("&")[2]
    said, _, signature = query.rpartition("&Signature=")
    given = base64.b64decode(parse_qs(f"s={signature}")["s"][0])
    certificate.public_key().verify(given, said.encode(), padding.PKCS1v15(), hashes.SHA256())  # type: ignore[union-attr]
    assert asked["Destination"] == SSO

    public = certificate.public_key()
    message = posted(encrypted(signed(response(saying(kit, asked, groups=("Helpdesk", "Leads")))), public))
    arrived = await one.bring(message)
    assert re.fullmatch(rf"/ui/sso/saml/{way}/finish\?arrived=[\w-]{{43}}", arrived)
    # Whoever gets hold of the address can't come for it, and whoever brings the message again brings nothing.
    assert await Visitor(kit, way).come_for(arrived) == "/ui/login?refused=sso_expired"
    assert await one.bring(message) == "/ui/login?refused=sso"
    assert await one.come_for(arrived) == "/ui/tickets"
    me = await one.me()
    assert me is not None
    assert (me["email"], me["name"], me["roles"]) == ("ann@example.com", "Ann Example", ["technician"])
    assert await one.come_for(arrived) == "/ui/login?refused=sso_expired"
    assert await refusals(kit) == ["another_browser", "replayed", "another_browser"]

    for groups, roles in ((("Leads",), ["manager"]), ((), [])):
        again = Visitor(kit, way)
        _, asked = await again.leave()
        await again.come_for(await again.bring(posted(signed(response(saying(kit, asked, groups=groups))))))
        known = await again.me()
        assert known is not None
        assert known["roles"] == roles


async def test_an_assertion_counts_for_its_own_request_browser_and_provider_only(kit):
    way, _ = await provider(kit)
    other, _ = await provider(kit)
    victim, attacker, elsewhere = Visitor(kit, way), Visitor(kit, way), Visitor(kit, other)
    _, asked = await attacker.leave()
    await victim.leave()
    arrived = await attacker.bring(posted(signed(response(saying(kit, asked)))))
    # The attacker's assertion in the victim's browser: log-in CSRF.
    assert await victim.come_for(arrived) == "/ui/login?refused=sso_expired"
    assert await victim.me() is None
    # For another provider's address the recipient and the audience are wrong.
    _, asked = await attacker.leave()
    message = posted(signed(response(saying(kit, asked))))
    assert await elsewhere.bring(message) == "/ui/login?refused=sso"
    for changes in (
        {"request": None},
        {"lasts": timedelta(minutes=-2)},
        {"name_format": TRANSIENT},
        {"subject": "mallory"},
    ):
        broken = posted(signed(response(saying(kit, asked, **changes))))
        led = await attacker.bring(broken)
        assert "refused" in led or "refused" in await attacker.come_for(led), changes
    assert await attacker.me() is None
    for message in ("", "x", posted(response(saying(kit, asked)))):
        assert await attacker.bring(message) == "/ui/login?refused=sso"
    reasons = await refusals(kit)
    assert reasons[:3] == ["another_browser", "wrong_destination", "unsolicited"]
    assert reasons[-1] == "unsigned"


async def test_a_program_logs_somebody_in_over_the_api(kit):
    way, _ = await provider(kit)
    nobody = kit.anonymous()
    begun = (await nobody.post(f"/auth/sso/{way}/initiate", {})).json()["data"]["attributes"]
    request = etree.fromstring(inflated(parse_qs(urlsplit(begun["url"]).query)["SAMLRequest"][0]))
    asked = {**request.attrib, "Issuer": request.findtext("saml:Issuer", namespaces=NAMES)}
    body = {
        "secret": begun["secret"],
        "answer": {"SAMLResponse": posted(signed(response(saying(kit, asked))))},
    }
    done = await nobody.post(f"/auth/sso/{way}/callback", body)
    assert done.status_code == 201, done.text
    assert (await nobody.post(f"/auth/sso/{way}/callback", body)).status_code == 401
    assert await refusals(kit) == ["replayed"]


async def test_what_cannot_work_is_refused_when_it_is_set_up(kit):
    admin = await kit.admin()
    for change, field in (
        ({"idp_certificates": "hello"}, "idp_certificates"),
        ({"idp_sso_url": "javascript:alert(1)"}, "idp_sso_url"),
        ({"group_roles": {"A": ["no_such_role"]}}, "group_roles"),
        ({"audience": "portal"}, "creates_accounts"),
    ):
        answer = await admin.post("/saml-providers", {**STAFF, **change})
        assert answer.status_code == 422, change
        assert answer.json()["errors"][0]["source"]["pointer"] == f"/data/attributes/{field}"
    way, _ = await provider(kit)
    broken = await admin.post(f"/saml-providers/{way}/import", {"document": "<x/>"})
    assert (broken.status_code, broken.json()["errors"][0]["code"]) == (422, "metadata_malformed")
