"""The request to log somebody out (OpenID Connect RP-Initiated Logout 1.0, 2 to 4), judged. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from psa_oauth import redirects
from psa_oauth.requests import ClientFacts
from psa_oauth.signing import Hint

PARAMETERS: Final = (
    "id_token_hint",
    "logout_hint",
    "client_id",
    "post_logout_redirect_uri",
    "state",
    "ui_locales",
)
_LONGEST: Final = 1000


class Present(msgspec.Struct, frozen=True, kw_only=True):
    """Who is logged in in a browser; `session` is None while they haven't shown all that is wanted of them."""

    account: UUID
    session: UUID | None


class Logout(msgspec.Struct, frozen=True, kw_only=True):
    """A request to log out, as far as it is believed."""

    client: ClientFacts | None
    """Who asks; None where that isn't certain."""
    address: str
    """Where the person goes then; empty where they stay here."""
    proven: bool
    """Whether it is about the very session in the browser, so that nobody needs to be asked."""


def client_named(parameters: Mapping[str, Sequence[str]], hint: Hint | None) -> str:
    """Return the `client_id` of whom a request says it is from; empty where it says nothing, or two things."""
    listed = list(parameters.get("client_id", ()))
    if "id_token_hint" in parameters:
        listed += [str(hint.audience) if hint else ""]
    return listed[0] if len(set(listed)) == 1 else ""


def judge(
    parameters: Mapping[str, Sequence[str]],
    hint: Hint | None,
    client: ClientFacts | None,
    present: Present | None,
) -> Logout:
    """Return what a request comes to; `client` is whom `client_named` names, `hint` what its id_token says.

    What doesn't fit together is used for nothing: the person is asked, and stays here.
    """
    given = {name: values[0] for name, values in parameters.items() if len(values) == 1}
    if client is None or any(len(parameters.get(name, ())) > 1 for name in PARAMETERS):
        return Logout(client=None, address="", proven=False)
    address, state = given.get("post_logout_redirect_uri", ""), given.get("state", "")
    if address not in client.post_logout_redirect_uris or len(state) > _LONGEST:
        address = ""
    elif state:
        address = redirects.answer(address, {"state": state})
    proven = (
        hint is not None
        and present is not None
        and hint.session is not None
        and (hint.account, hint.session) == (present.account, present.session)
    )
    return Logout(client=client, address=address, proven=proven)
