"""What happens around a change of a role."""

import re
from collections.abc import Iterable
from typing import Final

from psa_kernel.access import Grants, parse
from psa_kernel.builtin.auth.addresses import check_addresses
from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.guards import require_within
from psa_kernel.builtin.auth.roles import ADMIN_ROLES, role_grants
from psa_kernel.unit_of_work import Unit
from psa_sdk.context import Context
from psa_sdk.errors import Conflict, Fault, Invalid
from psa_sdk.resources import Change

_KEY: Final = re.compile(r"[a-z][a-z0-9_]{1,62}")
_GRANTS: Final = "/data/attributes/grants"


async def write_role(ctx: Context, change: Change) -> None:
    """Check a role before it is created or updated; what code grants to standard roles stays as it is."""
    assert isinstance(ctx, Unit)
    if not _KEY.fullmatch(change.value("key")):
        raise Invalid(
            f"{change.value('key')!r} is no role key: use 2 to 63 of a-z, 0-9 and _, a letter first.",
            pointer="/data/attributes/key",
        )
    if change.changes("grants"):
        check_grants(change.value("grants"), _GRANTS)
        if change.value("audience") == "portal":
            refuse_patterns(change.value("grants"))
        require_within(ctx, Grants(change.value("grants")), "The role", _GRANTS)
    check_addresses(change.value("allowed_addresses"))
    if change.verb == "update":
        require_within(ctx, await role_grants(ctx, [change.id]), "The role")
        fixed = [name for name in ("key", "audience") if change.changes(name)]
        if change.old["standard"] and change.changes("title"):
            fixed.append("title")
        if fixed:
            raise Invalid(
                faults=[
                    Fault(
                        detail=f"A role keeps its {name}; create another role.",
                        code="fixed",
                        pointer=f"/data/attributes/{name}",
                    )
                    for name in fixed
                ]
            )
        denied = [grant for grant in change.value("grants") if grant.startswith("!")]
        if denied and change.old["key"] in ADMIN_ROLES:
            raise Invalid(
                "Administrators can't be denied anything, or nobody could undo it; leave out "
                f"{', '.join(denied)}.",
                pointer=_GRANTS,
            )
    forget_after_commit(ctx)


async def delete_role(ctx: Context, change: Change) -> None:
    """Check that a role may go; assigned ones are kept by their assignments."""
    assert isinstance(ctx, Unit)
    if change.old["standard"]:
        raise Conflict(
            f"{change.old['title']} is a standard role and can't be deleted.", code="standard_role"
        )
    require_within(ctx, await role_grants(ctx, [change.id]), "The role")
    forget_after_commit(ctx)


def refuse_patterns(grants: Iterable[str]) -> None:
    """Raise `Invalid` for patterns in a portal role: clients would gain what a plugin adds tomorrow."""
    faults = [
        Fault(
            detail=f"{text!r} is a pattern; a role for clients names each permission, so list them.",
            code="pattern_for_clients",
            pointer=f"{_GRANTS}/{index}",
        )
        for index, text in enumerate(grants)
        if (grant := parse(text)).pattern.endswith("*") and not grant.deny
    ]
    if faults:
        raise Invalid(faults=faults)


def check_grants(texts: Iterable[str], pointer: str) -> None:
    """Raise `Invalid` naming every text that is no grant."""
    faults: list[Fault] = []
    for index, text in enumerate(texts):
        try:
            parse(text)
        except ValueError as error:
            faults.append(Fault(detail=str(error), code="grant_malformed", pointer=f"{pointer}/{index}"))
    if faults:
        raise Invalid(faults=faults)
