"""Passkeys (WebAuthn level 3): registered in a session, shown as a second factor or in place of the password.

Without a password the authenticator must verify its user. A site's passkeys work on that host alone. A signature
counter that doesn't rise tells of a copy: such a use is refused and told to the owner.
"""

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec
import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from psa_kernel.builtin.auth import challenges
from psa_kernel.http.proxies import is_address
from psa_sdk.context import Context, Row
from psa_sdk.errors import Conflict, Invalid
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    from psa_kernel.builtin.auth.challenges import Use
    from psa_kernel.principal import KernelPrincipal
    from psa_kernel.unit_of_work import Unit
    from psa_sdk.identity import Account

_MOST: Final = 20
_TIMEOUT: Final = int(challenges.LASTS.total_seconds() * 1000)


class Site(msgspec.Struct, frozen=True):
    """The address that passkeys are bound to: `https://psa.example.com` and its host."""

    origin: str

    @property
    def host(self) -> str:
        """The relying party's id."""
        return self.origin.partition("://")[2].partition(":")[0]

    @property
    def usable(self) -> bool:
        """Whether browsers take it: a name, over TLS or on this machine."""
        return not is_address(self.host) and (self.origin.startswith("https:") or self.host == "localhost")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey that was shown and believed."""

    id: UUID
    account_id: UUID
    copied: bool
    """Its counter didn't rise: refuse it, and tell the owner."""


async def registration(
    unit: "Unit", who: "KernelPrincipal", account: "Account", site: Site
) -> dict[str, Any]:
    """Return the options for making a passkey (`PublicKeyCredentialCreationOptionsJSON`)."""
    _require_usable(site)
    held = await _held(unit, who.id)
    if len(held) >= _MOST:
        raise Conflict(f"You have {_MOST} passkeys; remove one first.", code="too_many_passkeys")
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=unit.tenant_facts.name,
        user_id=who.id.bytes,
        user_name=account.email,
        user_display_name=account.name,
        challenge=challenges.make(unit, "register", who.session_id),
        timeout=_TIMEOUT,
        exclude_credentials=_descriptors(held, site),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
    )
    return json.loads(webauthn.options_to_json(options))


async def register(
    unit: "Unit", who: "KernelPrincipal", name: str, credential: Mapping[str, Any], site: Site
) -> UUID | None:
    """Keep the passkey that an authenticator has made; None when it can't be believed. Commit in any case."""
    challenge = await _spent(unit, credential, "register", who.session_id)
    if challenge is None:
        return None
    try:
        made = webauthn.verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    passkey = new_id()
    transports = _texts(credential.get("response", {}).get("transports"))
    tag = await unit.db.execute(
        "INSERT INTO psa.passkey (id, created_at, account, name, site, credential, public_key, sign_count, transports)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        passkey,
        unit.now,
        who.id,
        name,
        site.host,
        bytes_to_base64url(made.credential_id),
        bytes_to_base64url(made.credential_public_key),
        made.sign_count,
        transports,
    )
    if tag != "INSERT 0 1":
        return None
    await unit.audit("passkey_added", "users", who.id, passkey=passkey, name=name)
    return passkey


async def request(unit: "Unit", who: "KernelPrincipal | None", site: Site) -> dict[str, Any]:
    """Return the options for showing a passkey (`PublicKeyCredentialRequestOptionsJSON`).

    As a second factor of somebody, or of nobody yet: then any of the site's own, and its user is verified.
    """
    _require_usable(site)
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenges.make(unit, "confirm" if who else "log_in", who.session_id if who else None),
        timeout=_TIMEOUT,
        allow_credentials=_descriptors(await _held(unit, who.id), site) if who else None,
        user_verification=UserVerificationRequirement.PREFERRED
        if who
        else UserVerificationRequirement.REQUIRED,
    )
    return json.loads(webauthn.options_to_json(options))


async def show(
    unit: "Unit", who: "KernelPrincipal | None", credential: Mapping[str, Any], site: Site
) -> Shown | None:
    """Return the passkey that was shown, as asked for by `request`; None when it can't be believed.

    Commit in any case: the challenge is used up, and the counter is kept.
    """
    use: Use = "confirm" if who else "log_in"
    challenge = await _spent(unit, credential, use, who.session_id if who else None)
    row = await unit.db.fetch_one(
        "SELECT id, account, public_key, sign_count FROM psa.passkey WHERE credential = $1 AND site = $2"
        " AND ($3::uuid IS NULL OR account = $3) FOR UPDATE",
        str(credential.get("id", "")),
        site.host,
        who.id if who else None,
    )
    if challenge is None or row is None or not _handle_fits(credential, row["account"], required=who is None):
        return None
    try:
        seen = webauthn.verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(row["public_key"]),
            # Judged here instead: the library's refusal doesn't tell why.
            credential_current_sign_count=0,
            require_user_verification=who is None,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    copied = max(seen.new_sign_count, row["sign_count"]) > 0 and seen.new_sign_count <= row["sign_count"]
    if not copied:
        await unit.db.execute(
            "UPDATE psa.passkey SET sign_count = $2, last_used_at = $3 WHERE id = $1",
            row["id"],
            seen.new_sign_count,
            unit.now,
        )
    return Shown(id=row["id"], account_id=row["account"], copied=copied)


async def remove(unit: "Unit", account: UUID, passkey: UUID) -> bool:
    """Remove a passkey of an account; tells whether there was one."""
    name = await unit.db.fetch_value(
        "DELETE FROM psa.passkey WHERE id = $1 AND account = $2 RETURNING name", passkey, account
    )
    if name is None:
        return False
    await unit.audit("passkey_removed", "users", account, passkey=passkey, name=name)
    return True


async def listed(ctx: Context, account: UUID) -> list[Row]:
    """Return an account's passkeys, oldest first."""
    return await ctx.db.fetch(
        "SELECT id, name, site, created_at, last_used_at FROM psa.passkey WHERE account = $1 ORDER BY created_at, id",
        account,
    )


def refused() -> Invalid:
    """Return the one answer to a passkey that isn't believed, whatever is wrong."""
    return Invalid("The passkey was not accepted; try again.", code="passkey_refused")


async def _held(unit: "Unit", account: UUID) -> list[Row]:
    return await unit.db.fetch(
        "SELECT credential, site FROM psa.passkey WHERE account = $1 ORDER BY created_at, id", account
    )


def _descriptors(held: list[Row], site: Site) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(id=base64url_to_bytes(row["credential"]))
        for row in held
        if row["site"] == site.host
    ]


async def _spent(
    unit: "Unit", credential: Mapping[str, Any], use: "Use", session: UUID | None
) -> bytes | None:
    """Return the challenge that a credential answers, if it was still to be had."""
    try:
        sent = base64url_to_bytes(credential["response"]["clientDataJSON"])
        challenge = parse_client_data_json(sent).challenge
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    return challenge if await challenges.spend(unit, challenge, use, session) else None


def _handle_fits(credential: Mapping[str, Any], account: UUID, *, required: bool) -> bool:
    handle = credential.get("response", {}).get("userHandle")
    if not handle:
        return not required
    return handle == base64.urlsafe_b64encode(account.bytes).rstrip(b"=").decode()


def _texts(found: object) -> list[str]:
    return [str(one)[:20] for one in found][:8] if isinstance(found, list) else []


def _require_usable(site: Site) -> None:
    if not site.usable:
        raise Conflict(
            "Passkeys need a host name over HTTPS; open this organisation under its name.",
            code="passkeys_unavailable",
        )
