"""Security alerts: what the owner of an account should hear of at once, wherever it was done from."""

from typing import TYPE_CHECKING
from uuid import UUID

from psa_sdk.identity import AccountAlert, AlertMatter

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit


async def alert(
    unit: "Unit", account: UUID, matter: AlertMatter, detail: str = "", *, former_email: str = ""
) -> None:
    """Tell whoever sends mail that something happened to an account."""
    await unit.emit(
        AccountAlert(
            account_id=account,
            matter=matter,
            detail=detail[:200],
            former_email=former_email,
            at=unit.now,
            ip=unit.request.ip or "",
            user_agent=(unit.request.user_agent or "")[:400],
        )
    )
