"""Who is in which group, as far as groups are mapped to roles."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from sansldap import FilterAnd, FilterExtensibleMatch, LDAPFilter, SearchScope

from psa_directory_ldap.conversation import Conversation, Entry, either, equal, parsed
from psa_directory_ldap.people import Found, Mapped, in_groups

IN_CHAIN: Final = "1.2.840.113556.1.4.1941"
"""LDAP_MATCHING_RULE_IN_CHAIN: members of members too (MS-ADTS 3.1.1.3.4.4.3)."""
_MEMBERS: Final = ("member", "uniqueMember")


def same_dn(dn: str) -> str:
    """Return a DN's form to compare by.

    Example:
        >>> same_dn("CN=Help Desk, OU=Groups,DC=example") == same_dn("cn=help desk,ou=groups,dc=example")
        True
    """
    return re.sub(r"\s*([,=+])\s*", r"\1", dn.strip()).casefold()


def names_of(entries: Iterable[Entry], wanted: Collection[str]) -> frozenset[str]:
    """Return which of the mapped names stand for these groups: a name, or a DN where names aren't unique."""
    known = {name.casefold() for entry in entries for name in entry.texts("cn")}
    dns = {same_dn(entry.dn) for entry in entries}
    return frozenset(
        name for name in wanted if (same_dn(name) in dns if _is_dn(name) else name.casefold() in known)
    )


async def groups_of(talk: Conversation, mapped: Mapped, one: Found) -> Found:
    """Return a person with their mapped groups."""
    if not mapped.group_roles:
        return one
    match mapped.group_lookup:
        case "nested":
            has = _in_chain("member", one.dn)
        case "member_uid":
            has = equal("memberUid", one.uid)
        case _:
            has = either([equal(name, one.dn) for name in _MEMBERS])
    entries = await talk.search(mapped.group_base_dn, has, ["cn"])
    return in_groups(one, names_of(list(entries), mapped.group_roles))


async def groups_of_all(talk: Conversation, mapped: Mapped, people: Sequence[Found]) -> list[Found]:
    """Return people with their mapped groups, asking by group: few groups are mapped, people may be many."""
    if not mapped.group_roles:
        return list(people)
    members = {name: await _members(talk, mapped, name) for name in mapped.group_roles}
    return [in_groups(one, _within(one, mapped, members)) for one in people]


def _within(one: Found, mapped: Mapped, members: Mapping[str, frozenset[str]]) -> frozenset[str]:
    match mapped.group_lookup:
        case "nested":
            mark = one.person.subject
        case "member_uid":
            mark = one.uid
        case _:
            mark = same_dn(one.dn)
    return frozenset(name for name, marks in members.items() if mark in marks)


async def _members(talk: Conversation, mapped: Mapped, name: str) -> frozenset[str]:
    """Return what marks the members of a mapped group: subjects, names of users or DNs, as the lookup has it."""
    asked = ["cn", "memberUid", *_MEMBERS] if mapped.group_lookup != "nested" else ["cn"]
    if _is_dn(name):
        present = parsed("(objectClass=*)")
        groups = await talk.search(name, present, asked, scope=SearchScope.BASE, may_lack_base=True)
        # A DN elsewhere isn't below the groups' base, so a log-in wouldn't find it either.
        groups = [one for one in groups if same_dn(one.dn).endswith(same_dn(mapped.group_base_dn))]
    else:
        groups = await talk.search(mapped.group_base_dn, equal("cn", name), asked)
    if mapped.group_lookup == "nested":
        return frozenset([mark for group in groups for mark in await _in_chain_of(talk, mapped, group.dn)])
    if mapped.group_lookup == "member_uid":
        return frozenset(uid for group in groups for uid in group.texts("memberUid"))
    return frozenset(
        same_dn(dn) for group in groups for attribute in _MEMBERS for dn in group.texts(attribute)
    )


async def _in_chain_of(talk: Conversation, mapped: Mapped, group_dn: str) -> list[str]:
    people = FilterAnd(filters=[parsed(mapped.user_filter), _in_chain("memberOf", group_dn)])
    entries = await talk.search(mapped.base_dn, people, [mapped.subject])
    return [mapped.subject_of(entry) for entry in entries]


def _in_chain(attribute: str, dn: str) -> LDAPFilter:
    return FilterExtensibleMatch(rule=IN_CHAIN, attribute=attribute, value=dn.encode(), dn_attributes=False)


def _is_dn(name: str) -> bool:
    return "=" in name
