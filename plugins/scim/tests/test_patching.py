"""PATCH of groups: members as a set mean what the library makes of the operations, and take no time for each other."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scim2_models import Context as Phase
from scim2_models import InvalidPathException, InvalidValueException, PatchOp

from psa_scim import bodies
from psa_scim.memberships import MOST, MOST_OF_MEMBERS
from psa_scim.models import LENIENT, FullUser, Group, Member

SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
IDS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3)
KINDS = st.sampled_from(["add", "Add", "replace", "Replace", "remove", "Remove"])


def listed(ids: list[str]) -> list[dict[str, str]]:
    return [{"value": one} for one in ids]


operations = st.one_of(
    st.builds(lambda op, ids: {"op": op, "path": "members", "value": listed(ids)}, KINDS, IDS),
    st.builds(lambda one: {"op": "remove", "path": f'members[value eq "{one}"]'}, st.sampled_from("abcd")),
    st.builds(lambda ids: {"op": "add", "value": {"members": listed(ids), "displayName": "New"}}, IDS),
    st.builds(lambda one: {"op": "add", "path": "members", "value": {"value": one}}, st.sampled_from("abcd")),
    st.just({"op": "remove", "path": "members"}),
    st.just({"op": "replace", "path": "displayName", "value": "Other"}),
    # Understood by the library alone, which then does all of it.
    st.just({"op": "remove", "path": 'members[value eq "a" or value eq "b"]'}),
)


def patched(before: Any, sent: list[dict[str, Any]]) -> Any:
    return bodies.patched(
        type(before), before, msgspec.json.encode({"schemas": [SCHEMA], "Operations": sent})
    )


def told(group: Group) -> tuple[set[str], str]:
    return {one.value or "" for one in group.members or ()}, group.display_name or ""


@given(present=IDS, sent=st.lists(operations, min_size=1, max_size=5))
def test_members_are_those_that_the_library_would_make_of_it(present: list[str], sent: list[dict[str, Any]]):
    before = Group(display_name="Old", members=[Member(value=one) for one in dict.fromkeys(present)])
    by_library = before.model_copy(deep=True)
    with LENIENT:
        document = {"schemas": [SCHEMA], "Operations": sent}
        PatchOp[Group].model_validate(document, scim_ctx=Phase.RESOURCE_PATCH_REQUEST).patch(by_library)
    assert told(patched(before, sent)) == told(by_library)
    assert {one.value for one in before.members or ()} == set(present), "what is given stays as it is"


def test_many_operations_about_members_are_one_walk_and_too_many_others_are_refused():
    """By the library a thousand of these take ten seconds, and four times that for twice as many."""
    group = Group(display_name="Everybody", members=[Member(value=f"old{number}") for number in range(3000)])
    come = [{"op": "add", "path": "members", "value": listed([f"new{number}"])} for number in range(3000)]
    leave = [{"op": "remove", "path": f'members[value eq "old{number}"]'} for number in range(3000)]
    assert told(patched(group, [*come, *leave])) == ({f"new{number}" for number in range(3000)}, "Everybody")
    person = FullUser(user_name="ann@example.com", active=True)
    title = {"op": "replace", "path": "title", "value": "Lead"}
    assert patched(person, [title] * MOST).title == "Lead"
    odd = {"op": "remove", "path": 'members[value eq "a" or value eq "b"]'}
    for before, sent in ((person, [title] * (MOST + 1)), (group, [odd] * (MOST_OF_MEMBERS + 1))):
        with pytest.raises(InvalidValueException, match="at most"):
            patched(before, sent)
    with pytest.raises(InvalidPathException):
        patched(person, [{**title, "path": "emails[" + " or ".join(["value pr"] * 200) + "].value"}])
