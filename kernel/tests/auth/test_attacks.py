"""Ways in that attackers try: more than the form offers, and one audience's proof in the other's place (S27, S39)."""

import httpx
import pytest

from psa_kernel.http.app import create_app

from .conftest import House, Phone

GREEDY = (
    "audience",
    "company",
    "contact",
    "tenant_id",
    "id",
    "password",
    "roles",
    "grants",
    "email_normalised",
)


async def test_nothing_but_what_the_form_offers_is_taken(phone: Phone) -> None:
    """Mass assignment: a field of the server's own is refused by name, never quietly dropped."""
    tech = await phone.house.person("tech@acme.example", "technician")
    for name in GREEDY:
        for method, path in (
            ("PATCH", "/auth/me"),
            ("POST", "/api-keys"),
            ("POST", f"/users/{tech}/impersonate"),
        ):
            answer = await phone.ask(method, path, **{name: "x"})
            assert answer.status_code == 422, (path, name)
            assert name in answer.text
        document = {"data": {"type": "users", "id": str(tech), "attributes": {name: "x"}}}
        headers = {"Authorization": f"Bearer {phone.token}", "Content-Type": "application/vnd.api+json"}
        answer = await phone.http.patch(f"/api/v1/users/{tech}", json=document, headers=headers)
        assert answer.status_code in {403, 422}, name
    assert (await phone.house.who(phone.token)).role_keys == ("admin",)


@pytest.mark.parametrize(("audience", "own", "other"), [("staff", "", "/portal"), ("portal", "/portal", "")])
async def test_one_audiences_proof_is_none_for_the_other(
    house: House, audience: str, own: str, other: str
) -> None:
    """AUTH-51: tokens, refresh tokens and passwords of staff and clients are strangers to each other."""
    email = "both@acme.example"
    await house.person(email, "technician")
    async with house.kernel.unit(house.acme) as unit:
        [client] = await unit.db.fetch(
            "INSERT INTO psa.account (audience, email, email_normalised, name, status, company)"
            " VALUES ('portal', $1, $1, 'Client', 'active', psa.new_id()) RETURNING id",
            email,
        )
        await unit.db.execute(
            "INSERT INTO psa.password (account, hash, changed_at) SELECT $1, hash, changed_at FROM psa.password p"
            " JOIN psa.account a ON a.id = p.account WHERE a.audience = 'staff' AND a.email_normalised = $2",
            client["id"],
            email,
        )
    issued = await house.log_in(email, audience=audience)
    transport = httpx.ASGITransport(create_app(house.kernel))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost/api/v1") as http:
        headers = {
            "Authorization": f"Bearer {issued.access_token}",
            "Content-Type": "application/vnd.api+json",
        }
        assert (await http.get("/auth/me", headers=headers)).status_code == 200
        refused = await http.post(f"{other}/auth/logout", headers=headers)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (401, "wrong_audience")
        body = {"data": {"attributes": {"refresh_token": issued.refresh_token}}}
        assert (
            await http.post(f"{other}/auth/refresh", json=body, headers={"X-Tenant": "acme", **headers})
        ).status_code == 401
        assert (await http.post(f"{own}/auth/logout", headers=headers)).status_code == 204
