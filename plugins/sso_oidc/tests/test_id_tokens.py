"""ID tokens: the provider's own word for this very log-in, and nothing that merely looks like it (S13, AUTH-40)."""

import base64
import hashlib
import hmac
import json
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, RSAKey

from psa_sdk.admission import Refused
from psa_sso_oidc.discovery import ALGORITHMS
from psa_sso_oidc.id_tokens import Expected, UnknownKey, read_keys, verify

NOW = 1_800_000_000
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
CURVE = ECKey.generate_key("P-256", {"kid": "two"})
FOREIGN = RSAKey.generate_key(2048, {"kid": "one"})
KEYS = read_keys({"keys": [KEY.as_dict(private=False), CURVE.as_dict(private=False)]})
EXPECTED = Expected(
    issuer="https://id.example.com",
    client_id="psa",
    nonce="n-1",
    algorithms=ALGORITHMS,
    now=NOW,
    began_at=NOW - 60,
    access_token="at-1",
)
CLAIMS: dict[str, Any] = {
    "iss": "https://id.example.com",
    "aud": "psa",
    "sub": "248289761001",
    "nonce": "n-1",
    "iat": NOW - 5,
    "exp": NOW + 300,
}


def signed(key: Any = KEY, alg: str = "RS256", header: dict[str, Any] | None = None, **changes: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    kid = {"kid": key.get("kid")} if key.get("kid") else {}
    registry = jwt.JWSRegistry(algorithms=[alg], strict_check_header=False)
    return jwt.encode({"alg": alg, **kid, **(header or {})}, claims, key, registry=registry)


def raw(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def by_public_key() -> str:
    """A token signed with HS256, the provider's public key as the shared secret."""
    text = raw({"alg": "HS256", "kid": "one"}, CLAIMS).rpartition(".")[0]
    made = hmac.new(KEY.as_pem(private=False), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def at_hash(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "token",
    [
        signed(),
        signed(CURVE, "ES256"),
        signed(alg="PS256"),
        signed(aud=["psa", "other"], azp="psa"),
        signed(azp="psa"),
        signed(iat=NOW - 300),
        signed(exp=NOW - 100),
        signed(iat=NOW + 100),
        signed(at_hash=at_hash("at-1")),
    ],
)
def test_the_providers_own_token_is_believed(token):
    assert verify(token, KEYS, EXPECTED)["sub"] == "248289761001"


@pytest.mark.parametrize(
    ("reason", "token"),
    [
        ("algorithm_refused", raw({"alg": "none"}, CLAIMS)),
        ("algorithm_refused", raw({"alg": "None", "kid": "one"}, CLAIMS)),
        ("algorithm_refused", by_public_key()),
        ("algorithm_refused", signed(OctKey.import_key("s" * 32), "HS256", {"kid": "one"})),
        ("signature_refused", signed(FOREIGN)),
        ("signature_refused", signed(FOREIGN, header={"jwk": FOREIGN.as_dict(private=False)})),
        ("signature_refused", signed(FOREIGN, header={"jku": "https://evil.example/jwks"})),
        ("signature_refused", signed().rpartition(".")[0] + "." + signed(sub="1").rpartition(".")[2]),
        ("unknown_key", signed(header={"kid": "three"})),
        ("unknown_key", signed(header={"kid": "../../etc/passwd"})),
        ("unknown_key", signed(CURVE, "ES256", {"kid": "one"})),
        ("token_malformed", raw({"alg": "RS256", "kid": "one", "crit": ["x"], "x": 1}, CLAIMS)),
        ("wrong_issuer", signed(iss="https://id.example.com/")),
        ("wrong_issuer", signed(iss="https://evil.example")),
        ("wrong_issuer", signed(iss=None)),
        ("wrong_audience", signed(aud="another")),
        ("wrong_audience", signed(aud=[])),
        ("wrong_audience", signed(aud=None)),
        ("wrong_party", signed(aud=["psa", "other"])),
        ("wrong_party", signed(aud=["psa", "other"], azp="other")),
        ("wrong_party", signed(azp="other")),
        ("wrong_nonce", signed(nonce="n-2")),
        ("wrong_nonce", signed(nonce=None)),
        ("token_expired", signed(exp=NOW - 120)),
        ("token_not_yet_good", signed(iat=NOW + 121)),
        ("token_not_yet_good", signed(nbf=NOW + 121)),
        ("token_stale", signed(iat=NOW - 661)),
        ("token_malformed", signed(exp=None)),
        ("token_malformed", signed(iat=None)),
        ("token_malformed", signed(exp=str(NOW + 9))),
        ("no_subject", signed(sub="")),
        ("no_subject", signed(sub=None)),
        ("wrong_access_token", signed(at_hash=at_hash("at-2"))),
        ("token_malformed", ""),
        ("token_malformed", "a.b.c"),
        ("token_malformed", "a.b.c.d.e"),
        ("token_malformed", "x" * (1 << 17)),
    ],
)
def test_whatever_else_is_brought_is_refused(reason, token):
    with pytest.raises(Refused) as refused:
        verify(token, KEYS, EXPECTED)
    assert refused.value.reason == reason


def test_only_what_the_provider_signs_with_counts():
    with pytest.raises(Refused, match="algorithm_refused"):
        verify(signed(alg="PS256"), KEYS, Expected(**{name: getattr(EXPECTED, name) for name in EXPECTED.__struct_fields__} | {"algorithms": ("RS256",)}))  # fmt: skip


def test_no_key_that_anybody_could_have_is_taken_from_a_set():
    listed = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        {**KEY.as_dict(private=False), "use": "enc", "kid": "for encryption"},
        {"kty": "AKP", "kid": "of a later time"},
        {"kty": "RSA", "n": "AQAB", "kid": "broken"},
        CURVE.as_dict(private=False),
    ]
    assert [key.get("kid") for key in read_keys({"keys": listed})] == ["two"]


def test_a_key_that_can_be_broken_signs_nothing():
    with pytest.warns(SecurityWarning):
        small = RSAKey.generate_key(1024, {"kid": "small"})
    with pytest.raises(UnknownKey), warnings.catch_warnings(action="ignore"):
        verify(signed(small), read_keys({"keys": [small.as_dict(private=False)]}), EXPECTED)


GOOD = signed()


@given(at=st.integers(0, len(GOOD) - 1), by=st.sampled_from("Aa0_-."))
def test_a_token_with_one_other_character_is_refused_or_says_the_same(at, by):
    # The last character of a part may hold bits that count for nothing.
    changed = GOOD[:at] + by + GOOD[at + 1 :]
    try:
        claims = verify(changed, KEYS, EXPECTED)
    except Refused:
        return
    assert claims == verify(GOOD, KEYS, EXPECTED)
