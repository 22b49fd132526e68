"""The authorization request (RFC 6749 4.1.1, RFC 7636 4.3, OpenID Connect Core 3.1.2.1), judged. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from psa_oauth import pkce, redirects, scopes

_LONGEST: Final = 1000
_SECONDS: Final = re.compile(r"[0-9]{1,10}")


class ClientFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is registered about an application."""

    id: UUID
    name: str
    owner: UUID
    confidential: bool
    secret_hash: str
    redirect_uris: Sequence[str]
    grant_types: Sequence[str]
    scopes: Sequence[str]
    post_logout_redirect_uris: Sequence[str] = ()
    backchannel_logout_uri: str = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request that a person may be asked to allow."""

    client: ClientFacts
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    state: str
    nonce: str
    silent: bool
    """`prompt=none`: to be answered at once, without asking anybody anything."""
    again: bool = False
    """`prompt=login`: the person logs in once more."""
    max_age: int | None = None
    """Seconds since the last log-in after which the person logs in once more."""
    login_after: int = 0
    """POSIX seconds: our own note of what the two above come to, on the way by the log-in."""

    def not_before(self, now: float) -> int:
        """Return the earliest log-in that is recent enough, in POSIX seconds; 0 where any is."""
        if self.again:
            return int(now)
        return self.login_after if self.max_age is None else max(int(now) - self.max_age, 0)

    @property
    def came_back(self) -> bool:
        """Whether the person is back from the log-in that was wanted."""
        return bool(self.login_after) and not self.again and self.max_age is None

    def refused(self, code: str, description: str) -> "Refused":
        """Return an answer in the negative."""
        return Refused(code, description, redirect_uri=self.redirect_uri, state=self.state)


class Unanswerable(Exception):
    """A request whose sender isn't known for certain: told to the person, never sent to an address (RFC 6749 4.1.2.1)."""


class Refused(Exception):
    """A request that is answered with an error at the application's own address."""

    def __init__(self, code: str, description: str, *, redirect_uri: str, state: str) -> None:
        self.code = code
        self.redirect_uri = redirect_uri
        self.state = state
        super().__init__(description)

    def address(self, issuer: str) -> str:
        """Return where the browser goes with the error; `iss` tells who says so (RFC 9207 2)."""
        told = {"error": self.code, "error_description": str(self), "iss": issuer}
        return redirects.answer(self.redirect_uri, told | ({"state": self.state} if self.state else {}))


def judge(parameters: Mapping[str, Sequence[str]], client: ClientFacts | None) -> Asked:  # noqa: C901 - clause by clause
    """Return a request that is in order; `client` is whom its `client_id` names.

    Raises `Unanswerable` while the address isn't proven to be the client's, `Refused` afterwards.
    """
    given = {name: values[-1] for name, values in parameters.items() if values}
    repeated = [name for name, values in parameters.items() if len(values) > 1]
    if client is None or "client_id" in repeated:
        raise Unanswerable("The application isn't known here.")
    address = given.get("redirect_uri", "")
    if address not in client.redirect_uris or "redirect_uri" in repeated:
        raise Unanswerable("The address to return to isn't registered for the application.")
    state = given.get("state", "") if "state" not in repeated else ""

    def refused(code: str, description: str) -> Refused:
        return Refused(code, description, redirect_uri=address, state=state[:_LONGEST])

    if repeated:
        raise refused("invalid_request", f"{', '.join(sorted(repeated))} is there twice.")
    if len(state) > _LONGEST or len(given.get("nonce", "")) > _LONGEST:
        raise refused("invalid_request", f"state and nonce have at most {_LONGEST} characters.")
    for name in ("request", "request_uri"):
        if name in given:
            raise refused(f"{name}_not_supported", f"{name} is not supported.")
    if given.get("response_type") != "code":
        raise refused("unsupported_response_type", "response_type must be code.")
    if given.get("response_mode", "query") != "query":
        raise refused("invalid_request", "response_mode must be query.")
    if "authorization_code" not in client.grant_types:
        raise refused("unauthorized_client", "The application isn't registered for codes.")
    if given.get("code_challenge_method") != "S256" or not pkce.is_challenge(given.get("code_challenge", "")):
        raise refused("invalid_request", "Send code_challenge with code_challenge_method=S256 (RFC 7636).")
    asked = scopes.parsed(given.get("scope", ""))
    if not asked or scopes.beyond(asked, client.scopes):
        raise refused("invalid_scope", "Ask for scopes that the application is registered for.")
    prompt = given.get("prompt", "").split()
    if "none" in prompt and len(prompt) > 1:
        raise refused("invalid_request", "prompt=none goes with nothing else.")
    seconds = {name: given.get(name, "0") for name in ("max_age", "login_after")}
    if not all(_SECONDS.fullmatch(value) for value in seconds.values()):
        raise refused("invalid_request", "max_age is a number of seconds.")
    return Asked(
        client=client,
        redirect_uri=address,
        scopes=asked,
        challenge=given["code_challenge"],
        state=state,
        nonce=given.get("nonce", ""),
        silent=prompt == ["none"],
        again="login" in prompt,
        max_age=int(seconds["max_age"]) if "max_age" in given else None,
        login_after=int(seconds["login_after"]),
    )
