"""Who may log in with a password of ours where an organisation enforces single sign-on (AUTH-43).

Judged after the password was right, so that nobody learns by guessing whose log-in is enforced.
"""

from typing import TYPE_CHECKING

from psa_kernel.builtin.auth.accounts import normalise_email
from psa_kernel.builtin.auth.roles import ADMIN_ROLES
from psa_kernel.builtin.auth.settings import AuthSettings, listed
from psa_sdk.errors import Forbidden

if TYPE_CHECKING:
    from psa_kernel.builtin.auth.accounts import LoginFacts
    from psa_kernel.unit_of_work import Unit


async def require_allowed(unit: "Unit", facts: "LoginFacts") -> None:
    """Raise `Forbidden` (`sso_required`) unless an account may log in with its password."""
    rules = await unit.settings(AuthSettings)
    account = facts.account
    if rules.local_passwords == "everybody" or (rules.local_passwords, account.audience) == (
        "portal",
        "portal",
    ):
        return
    if account.audience == "staff" and await _breaks_glass(unit, facts, rules):
        await unit.audit("break_glass_used", "users", account.id)
        return
    raise Forbidden("Your organisation logs in by single sign-on; use its button.", code="sso_required")


async def is_named(unit: "Unit", email: str) -> bool:
    """Tell whether an address is named to break the glass: its password is always checked here."""
    return normalise_email(email) in _named(await unit.settings(AuthSettings))


def _named(rules: AuthSettings) -> list[str]:
    return [normalise_email(email) for email in listed(rules.break_glass)]


async def _breaks_glass(unit: "Unit", facts: "LoginFacts", rules: AuthSettings) -> bool:
    """Tell whether this is an administrator who is named for it, or any while none of those named could."""
    named = _named(rules)
    rows = await unit.db.fetch(
        "SELECT DISTINCT a.id, a.email_normalised AS email FROM psa.account a"
        " JOIN psa.password p ON p.tenant_id = a.tenant_id AND p.account = a.id"
        " JOIN psa.role_assignment x ON x.tenant_id = a.tenant_id AND x.account = a.id"
        " JOIN psa.role r ON r.tenant_id = x.tenant_id AND r.id = x.role"
        " WHERE a.status = 'active' AND a.audience = 'staff' AND r.key = ANY ($1::text[])",
        list(ADMIN_ROLES),
    )
    able = {row["id"] for row in rows if row["email"] in named} or {row["id"] for row in rows}
    return facts.id in able
