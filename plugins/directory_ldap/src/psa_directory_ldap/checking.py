"""Trying a directory out: does it take the bind account, and whom does it show?"""

import datetime
from typing import Final

from psa_directory_ldap.conversation import parsed
from psa_directory_ldap.directories import LOGIN_SECONDS, Registration, opened
from psa_directory_ldap.people import found
from psa_directory_ldap.shapes import Checked
from psa_directory_ldap.wire import DirectoryTrouble
from psa_sdk.network import Network

MOST: Final = 1000


async def try_out(network: Network, registration: Registration, now: datetime.datetime) -> Checked:
    """Bind, search, and tell how many people there are and the names of the first three."""
    mapped = registration.mapped
    try:
        async with opened(network, registration, seconds=LOGIN_SECONDS) as talk:
            entries = await talk.search(
                mapped.base_dn, parsed(mapped.user_filter), mapped.attributes, enough=MOST
            )
    except DirectoryTrouble as trouble:
        return Checked(works=False, step=trouble.step, detail=trouble.detail)
    people = [one for entry in entries if (one := found(entry, mapped, now))]
    first = tuple(one.person.name or one.dn for one in people[:3])
    lacking = bool(entries) and not people
    detail = ""
    if lacking:
        detail = f"{len(entries)} entries, but none has {mapped.subject}."
    elif not people:
        detail = "Nobody is found; check base and filter."
    return Checked(
        works=bool(people),
        step="" if people else "search",
        host=talk.host,
        people=len(people),
        first=first,
        detail=detail,
    )
