"""What a synchronisation is to do: a directory's people held against the accounts that are linked to it."""

from collections.abc import Mapping, Sequence

import msgspec

from psa_directory_ldap.people import Found
from psa_sdk.identity import Account


class Leaver(msgspec.Struct, frozen=True, kw_only=True):
    """An account whose person a directory has disabled, or no longer has."""

    subject: str
    account: Account
    disabled: bool


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Who is new, who is known and who has left."""

    new: Sequence[Found]
    known: Sequence[tuple[Found, Account]]
    leavers: Sequence[Leaver]
    accounts: int
    """Linked accounts that aren't disabled here: what the share of leavers is of."""

    def stops(self, percent: int, confirmed: int) -> bool:
        """Tell whether more than `percent` would leave, and more than somebody has confirmed."""
        leaving = len(self.leavers)
        return leaving > confirmed and leaving * 100 > percent * self.accounts


def plan(people: Sequence[Found], linked: Mapping[str, Account]) -> Plan:
    """Compare all people of a directory with the accounts linked to it by subject."""
    open_ = {one.person.subject: one for one in people if not one.closed}
    there = {one.person.subject for one in people}
    usable = {subject: account for subject, account in linked.items() if account.status != "disabled"}
    return Plan(
        new=[one for subject, one in open_.items() if subject not in linked],
        known=[(one, linked[subject]) for subject, one in open_.items() if subject in linked],
        leavers=[
            Leaver(subject=subject, account=account, disabled=subject in there)
            for subject, account in sorted(usable.items(), key=lambda item: (item[1].name, item[0]))
            if subject not in open_
        ],
        accounts=len(usable),
    )
