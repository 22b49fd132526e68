"""The rules around a token: states, metadata, what claims say about a person, which roles follow."""

import hashlib
import hmac
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psa_sdk.admission import Refused, domain_allowed, roles_for
from psa_sso_oidc import attempts
from psa_sso_oidc.discovery import read_metadata
from psa_sso_oidc.people import person

NOW = 1_800_000_000.0
PROVIDER, OTHER = (UUID(f"01890000-0000-7000-8000-00000000000{number}") for number in (1, 2))
ISSUER = "https://id.example.com/realms/staff"
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
}


class Signatures:
    """Signs as an installation does."""

    def __init__(self, key: bytes = b"k") -> None:
        self._key = key

    def sign(self, purpose: str, text: str) -> bytes:
        return hmac.new(self._key, f"{purpose}\n{text}".encode(), hashlib.sha256).digest()

    def verify(self, purpose: str, text: str, signature: bytes) -> bool:
        return len(signature) >= 10 and hmac.compare_digest(
            self.sign(purpose, text)[: len(signature)], signature
        )


def test_a_state_comes_back_to_its_own_browser_within_ten_minutes_only():
    signer, secret = Signatures(), attempts.new_secret()
    attempt = attempts.begin(PROVIDER, "staff", secret, NOW, "/ui/tickets")
    state = attempts.seal(signer, attempt)
    assert attempts.unseal(signer, state, secret) == attempt
    attempt.require(PROVIDER, "staff", NOW + 600)
    body, _, signature = state.partition(".")
    for given_state, browser, reason in (
        (state, attempts.new_secret(), "another_browser"),
        (state, "", "another_browser"),
        (f"{body}.{signature[:14]}", secret, "state_unknown"),
        (f"{body}x.{signature}", secret, "state_unknown"),
        (attempts.seal(Signatures(b"another tenant's"), attempt), secret, "state_unknown"),
        ("", secret, "state_unknown"),
        ("é.é", secret, "state_unknown"),
    ):
        with pytest.raises(Refused) as refused:
            attempts.unseal(signer, given_state, browser)
        assert refused.value.reason == reason
    for provider, audience, at, reason in (
        (OTHER, "staff", NOW, "another_provider"),
        (PROVIDER, "portal", NOW, "another_provider"),
        (PROVIDER, "staff", NOW + 601, "state_expired"),
        (PROVIDER, "staff", NOW - 60, "state_expired"),
    ):
        with pytest.raises(Refused) as refused:
            attempt.require(provider, audience, at)
        assert refused.value.reason == reason


def test_no_two_attempts_share_a_nonce_or_a_verifier():
    secret = attempts.new_secret()
    many = [attempts.begin(PROVIDER, "staff", secret, NOW) for _ in range(50)]
    values = {f(one, secret) for one in many for f in (attempts.nonce, attempts.verifier)}
    assert len(values) == 100
    assert {len(value) for value in values} == {43}


@given(st.text(max_size=300))
def test_whatever_text_comes_as_a_state_is_refused_and_breaks_nothing(text):
    with pytest.raises(Refused):
        attempts.unseal(Signatures(), text, attempts.new_secret())


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("issuer_differs", {"issuer": "https://id.example.com/realms/other"}),
        ("issuer_differs", {"issuer": ISSUER + "/"}),
        ("metadata_malformed", {"token_endpoint": None}),
        ("metadata_malformed", {"jwks_uri": ""}),
        ("metadata_malformed", {"token_endpoint": "http://id.example.com/token"}),
        ("metadata_malformed", {"authorization_endpoint": "javascript:alert(1)"}),
        ("metadata_malformed", {"authorization_endpoint": f"{ISSUER}/auth#x"}),
        ("metadata_malformed", {"jwks_uri": "https://user@id.example.com/keys"}),
        ("algorithm_refused", {"id_token_signing_alg_values_supported": ["HS256", "none"]}),
    ],
)
def test_metadata_of_another_or_without_security_is_refused(reason, change):
    assert read_metadata(ISSUER, DOCUMENT).algorithms == ("RS256",)
    with pytest.raises(Refused) as refused:
        read_metadata(ISSUER, {**DOCUMENT, **change})
    assert refused.value.reason == reason


def test_an_address_counts_as_verified_only_where_the_provider_says_so_or_is_trusted():
    told = {"sub": "1", "email": "ann@example.com"}
    for claim, trusts, verified in (
        ({}, False, False),
        ({"email_verified": False}, False, False),
        ({"email_verified": "false"}, False, False),
        ({"email_verified": 1}, False, False),
        ({"email_verified": True}, False, True),
        ({"email_verified": "true"}, False, True),
        ({}, True, True),
    ):
        assert person(told | claim, groups_claim="", trusts_email=trusts).email_verified is verified
    assert not person({"sub": "1", "email_verified": True}, groups_claim="", trusts_email=True).email_verified


def test_groups_are_found_by_name_or_path_and_an_overage_is_no_empty_list():
    claims = {
        "sub": "1",
        "email": "a@example.com",
        "realm_access": {"roles": ["desk"]},
        "https://x.example/g": "one",
    }
    assert person(claims, groups_claim="realm_access.roles", trusts_email=False).groups == {"desk"}
    assert person(claims, groups_claim="https://x.example/g", trusts_email=False).groups == {"one"}
    assert person(claims, groups_claim="groups", trusts_email=False).groups is None
    with pytest.raises(Refused, match="groups_overage"):
        person({**claims, "_claim_names": {"groups": "src1"}}, groups_claim="groups", trusts_email=False)
    with pytest.raises(Refused, match="token_malformed"):
        person({**claims, "groups": [{"id": 1}]}, groups_claim="groups", trusts_email=False)


def test_a_workspace_of_others_is_refused_whatever_the_address_says():
    claims = {"sub": "1", "email": "ann@example.com", "email_verified": True}
    known = person(
        {**claims, "hd": "Example.com"}, groups_claim="", trusts_email=False, hosted_domains=["example.com"]
    )
    assert known.email_verified
    for hd in ({}, {"hd": "evil.example"}):
        with pytest.raises(Refused, match="domain_refused"):
            person({**claims, **hd}, groups_claim="", trusts_email=False, hosted_domains=["example.com"])


def test_domains_are_whole_domains():
    assert domain_allowed("ann@example.com", ["Example.com"])
    assert domain_allowed("ann@example.com", [])
    for address in ("ann@sub.example.com", "ann@example.com.evil", "example.com", "ann@evil.example"):
        assert not domain_allowed(address, ["example.com"])


GROUPS = st.frozensets(st.sampled_from(["a", "b", "c", "d"]))
MAPPING = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.lists(st.sampled_from(["r1", "r2"]), min_size=1), min_size=1
)


@given(groups=st.none() | GROUPS, mapping=MAPPING)
def test_roles_follow_from_groups_and_from_nothing_else(groups, mapping):
    given_roles = roles_for(groups, mapping)
    assert given_roles is not None
    assert given_roles == {role for group in groups or () if group in mapping for role in mapping[group]}
    assert roles_for(groups, {}) is None
