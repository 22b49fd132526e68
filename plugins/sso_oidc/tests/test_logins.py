"""Logging in through a provider of others: people, programs, roles by groups (S13, AUTH-43)."""

from typing import Any

import httpx

from .conftest import STAFF, Visitor, on_time, provider, refusals
from .liar import Liar


async def choose(url: str, sub: str) -> dict[str, str]:
    """Log in at the mock provider and return its answer."""
    async with httpx.AsyncClient(timeout=60) as http:
        answer = await http.post(url, data={"sub": sub, "action": "authorize"})
    assert answer.status_code == 302, answer.text
    return dict(httpx.URL(answer.headers["location"]).params)


async def person(issuer: str, sub: str, **claims: Any) -> None:
    """Tell the mock provider who somebody is."""
    async with httpx.AsyncClient(timeout=60) as http:
        answer = await http.put(f"{issuer}/users/{sub}", json=claims)
    assert answer.status_code == 204, answer.text


async def test_people_of_a_provider_log_in_with_what_their_groups_give(kit, visitor, mock_issuer):
    sub = f"ann-{kit.number()}"
    told = {"email": f"{sub}@example.com", "email_verified": True, "name": "Ann Example"}
    await person(mock_issuer, sub, **told, groups=["Helpdesk", "Leads"])
    way = await provider(kit, mock_issuer, **STAFF)
    admin = await kit.admin()
    checked = (await admin.post(f"/oidc-providers/{way}/check")).json()["data"]["attributes"]
    assert (checked["works"], checked["keys"], checked["algorithms"]) == (True, 1, ["RS256"]), checked
    [shown] = (await kit.anonymous().get("/auth/sso/providers")).json()["data"]
    assert shown["attributes"]["page"] == f"/ui/sso/oidc/{way}/start"

    asked = await visitor.leave(way, next="/ui/tickets?page=2")
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    answer = await choose(asked["at"], sub)
    assert await visitor.come_back(way, **answer) == "/ui/tickets?page=2"
    me = await visitor.me()
    assert me is not None
    # A new account begins with the lowest role; from then on groups decide.
    assert (me["email"], me["roles"]) == (f"{sub}@example.com", ["technician"])

    for groups, roles in (
        (["Helpdesk", "Leads"], ["manager", "technician"]),
        (["Leads"], ["manager"]),
        ([], []),
    ):
        await person(mock_issuer, sub, **told, groups=groups)
        again = Visitor(kit)
        await again.come_back(way, **await choose((await again.leave(way))["at"], sub))
        known = await again.me()
        assert known is not None
        assert known["roles"] == roles

    # The session's identifier is new and the browser's secret gone; the state counted once.
    assert "psa_sso_staff" not in visitor.http.cookies
    assert await visitor.come_back(way, **answer) == "/ui/login?refused=sso_expired"
    assert await refusals(kit) == ["another_browser"]


async def test_a_program_logs_somebody_in_over_the_api(kit, mock_issuer):
    sub = f"bot-{kit.number()}"
    await person(mock_issuer, sub, email=f"{sub}@example.com", email_verified=True, groups=["Helpdesk"])
    way = await provider(kit, mock_issuer, **STAFF)
    nobody = kit.anonymous()
    begun = (await nobody.post(f"/auth/sso/{way}/initiate", {})).json()["data"]["attributes"]
    answer = await choose(begun["url"], sub)
    body = {"secret": begun["secret"], "answer": answer}
    stolen = await nobody.post(f"/auth/sso/{way}/callback", {**body, "secret": "x" * 43})
    assert stolen.status_code == 401
    done = await nobody.post(f"/auth/sso/{way}/callback", body)
    assert done.status_code == 201, done.text
    token = done.json()["data"]["attributes"]["access_token"]
    me = await nobody.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["data"]["attributes"]["email"] == f"{sub}@example.com"
    assert (await nobody.post(f"/auth/sso/{way}/callback", body)).status_code == 401
    assert await refusals(kit) == ["another_browser", "state_spent"]


async def test_in_a_single_organisation_it_is_the_same(new_kit, liar: Liar):
    kit = on_time(await new_kit("single", plugins=("sso_oidc",), shared=False))
    liar.claims = {"groups": ["Helpdesk"]}
    way = await provider(kit, liar.issuer, **STAFF)
    one = Visitor(kit)
    asked = await one.leave(way)
    assert await one.come_back(way, state=asked["state"], code=liar.code(asked)) == "/ui/"
    me = await one.me()
    assert me is not None
    assert me["roles"] == ["technician"]
