"""Refresh families, scopes and redirect addresses under whatever comes (AUTH-20, AUTH-30, AUTH-31, S12)."""

import datetime
import secrets
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, example, given, settings

from psa_oauth import clients, granting, redirects, scopes, tokens
from psa_oauth.refusals import OAuthError
from psa_oauth.requests import Asked, ClientFacts, Unanswerable, judge

from .desk import Desk

CALM = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),  # how many steps back the presented refresh token is
        st.sampled_from(["own", "own", "own", "another"]),  # whose client brings it
        st.sampled_from([0, 5, 11, 3600]),  # seconds before it
    ),
    min_size=1,
    max_size=6,
)


@CALM
@given(plan=STEPS)
@example(plan=[(0, "own", 0), (1, "own", 5), (0, "own", 0), (1, "own", 5), (0, "own", 0)])
@example(plan=[(0, "own", 0), (1, "another", 0), (1, "own", 11), (0, "own", 0)])
async def test_a_family_lives_as_its_model_says(desk: Desk, plan: list[tuple[int, str, int]]):
    """The newest token is traded, the one before it repeated for ten seconds, any other ends all; a stranger nothing."""
    kit = desk.kit
    account = await (await kit.admin()).account_id()
    async with kit.unit() as ctx:
        known = {
            name: await clients.find(ctx, (await desk.register(f"{name} {secrets.token_hex(4)}"))["id"])
            for name in ("own", "another")
        }
        granted = await granting.begin(ctx, known["own"], account, ["openid"])
        first = await granting.answer(ctx, known["own"], granted, issuer="https://psa.example.com/oauth/x")
    chain, replaced, alive = [str(first["refresh_token"])], list[datetime.datetime](), True
    for back, whose, wait in plan:
        kit.advance(datetime.timedelta(seconds=wait))
        index = max(0, len(chain) - 1 - back)
        newest = index == len(chain) - 1
        graceful = index == len(chain) - 2 and kit.now - replaced[index] <= datetime.timedelta(seconds=10)
        allowed = alive and whose == "own" and (newest or graceful)
        async with kit.unit() as ctx:
            try:
                _, following = await granting.take_refresh_token(ctx, known[whose], chain[index], ())
            except OAuthError:
                following = ""
        assert bool(following) == allowed
        if whose == "own" and not allowed:
            alive = False
        if allowed and newest:
            replaced.append(kit.now)
            chain.append(following)
        elif allowed:
            assert following == chain[index + 1]
    async with kit.unit() as ctx:
        ended = await ctx.db.fetch_value("SELECT ended_at FROM oauth.family WHERE id = $1", granted.family)
    assert (ended is None) == alive


PERMISSIONS = [
    "auth.users.read",
    "auth.users.create",
    "auth.roles.read",
    "time.entries.read",
    "sla.policies.read",
]
PATTERNS = [*PERMISSIONS, "*", "auth.*", "auth.users.*", "auth.roles.*", "time.*", "openid", "email"]
SCOPES = st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=4, unique=True)


def opened(patterns: list[str]) -> set[str]:
    """Return the permissions that patterns match, by their letters alone."""
    return {
        permission
        for permission in PERMISSIONS
        for pattern in patterns
        if pattern in {"*", permission} or (pattern[-2:] == ".*" and permission.startswith(pattern[:-1]))
    }


@given(asked=SCOPES, allowed=SCOPES)
def test_what_is_within_the_allowed_scopes_opens_nothing_else(asked: list[str], allowed: list[str]):
    rest = [scope for scope in asked if scope not in scopes.beyond(asked, allowed)]
    assert opened(scopes.grants(rest)) <= opened(allowed)
    assert set(rest) & set(scopes.IDENTITY) <= set(allowed)
    if scopes.beyond(asked, allowed) == []:
        assert rest == asked


@CALM
@given(asked=SCOPES)
async def test_a_token_holds_its_scopes_and_its_owners_rights_and_no_more(desk: Desk, asked: list[str]):
    """AUTH-30: effective rights are scopes ∩ owner's rights, whatever was asked for."""
    kit = desk.kit
    tech = await kit.staff(roles=("technician",))
    own = (await tech.get("/auth/me")).json()["data"]["attributes"]["permissions"]
    app = await desk.register(f"Scopes {secrets.token_hex(4)}", scopes=["*", "openid", "email"])
    async with kit.unit() as ctx:
        client = await clients.find(ctx, app["id"])
        granted = await granting.begin(ctx, client, await tech.account_id(), asked)
        told = await granting.answer(ctx, client, granted, issuer="https://psa.example.com/oauth/x")
    held = (await desk.me(told["access_token"])).json()["data"]["attributes"]["permissions"]
    assert set(held) <= set(own)
    assert set(held) & set(PERMISSIONS) == opened(scopes.grants(asked)) & set(own)
    assert all(set(held[name]) <= set(own[name]) for name in held)


REGISTERED = "https://app.example.com/callback?a=1"
CLIENT = ClientFacts(
    id=UUID(int=1), name="App", owner=UUID(int=2), confidential=True, secret_hash="", redirect_uris=[REGISTERED],
    grant_types=["authorization_code"], scopes=["openid"],
)  # fmt: skip
REQUEST = {
    "response_type": ["code"], "client_id": [str(CLIENT.id)], "scope": ["openid"], "code_challenge": ["c" * 43],
    "code_challenge_method": ["S256"],
}  # fmt: skip
NEAR = st.tuples(st.integers(0, len(REGISTERED)), st.text(max_size=3), st.integers(0, 3)).map(
    lambda cut: REGISTERED[: cut[0]] + cut[1] + REGISTERED[cut[0] + cut[2] :]
)


@given(address=NEAR | st.text(max_size=60))
@example(address=REGISTERED.upper())
@example(address=REGISTERED + "#")
@example(address="https://app.example.com:443/callback?a=1")
def test_an_answer_goes_to_the_registered_address_letter_by_letter_or_nowhere(address: str):
    if address == REGISTERED:
        assert isinstance(judge(REQUEST | {"redirect_uri": [address]}, CLIENT), Asked)
        return
    with pytest.raises(Unanswerable):
        judge(REQUEST | {"redirect_uri": [address]}, CLIENT)


HOSTS = st.sampled_from(
    ["app.example.com", "app.example.com:8443", "127.0.0.1:9000", "[::1]:9000", "localhost"]
)
ADDRESSES = st.builds(
    lambda scheme, host, path, query: f"{scheme}://{host}/{path}{'?' + query if query else ''}",
    st.sampled_from(["https", "http", "com.example.app"]),
    HOSTS,
    st.text("abcXYZ019/._~%-", max_size=12),
    st.text("abc019=&+%.", max_size=12),
)


@given(
    address=ADDRESSES | st.text(max_size=40), said=st.dictionaries(st.text(min_size=1), st.text(), max_size=3)
)
def test_whatever_may_be_registered_is_answered_at_that_very_place(address: str, said: dict[str, str]):
    if redirects.fault(address):
        return
    before, after = urlsplit(address), urlsplit(redirects.answer(address, said))
    assert (before.scheme, before.netloc, before.path) == (after.scheme, after.netloc, after.path)
    assert (before.username, before.fragment, after.fragment) == (None, "", "")
    assert after.query.startswith(before.query)
    added = after.query.removeprefix(before.query).removeprefix("&")
    assert dict(parse_qsl(added, keep_blank_values=True)) == said


@given(token=st.from_regex(r"psaor_[0-9a-f]{64}", fullmatch=True))
def test_a_successor_needs_both_halves(token: str):
    one, other = secrets.token_hex(32), secrets.token_hex(32)
    assert tokens.successor(token, one) == tokens.successor(token, one) != tokens.successor(token, other)
    assert tokens.successor(token + "0", one) != tokens.successor(token, one)
