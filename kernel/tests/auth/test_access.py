"""The grant engine, by properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psa_kernel.access import Grants, covers, intersect, parse

names = st.sampled_from(["a", "b", "c"])
permissions = st.lists(names, min_size=1, max_size=3).map(".".join)
patterns = st.one_of(permissions, permissions.map(lambda name: f"{name}.*"), st.just("*"))
allows = st.builds(lambda p, s: p + s, patterns, st.sampled_from(["", "@own", "@team"]))
denials = patterns.map(lambda p: f"!{p}")
grant_sets = st.lists(st.one_of(allows, denials), max_size=6)


def matches(pattern: str, permission: str) -> bool:
    """The definition, spelt out: a star stands for any rest."""
    return pattern == permission or (pattern.endswith("*") and permission.startswith(pattern[:-1]))


@given(grant_sets, permissions)
def test_deny_beats_allow_and_scopes_add_up(texts: list[str], permission: str) -> None:
    """AUTH-52: checked against the definition without an index."""
    hits = [grant for grant in map(parse, texts) if matches(grant.pattern, permission)]
    scopes = {grant.scope for grant in hits if not grant.deny}
    expected = () if any(grant.deny for grant in hits) else None if "" in scopes else tuple(sorted(scopes))
    assert Grants(texts).scopes_of(permission) == expected


@given(grant_sets, grant_sets, permissions)
def test_grants_within_a_holders_never_give_more(given_: list[str], held: list[str], permission: str) -> None:
    """AUTH-50: nobody grants what they don't hold, whatever permission a later plugin brings."""
    inner, outer = Grants(given_), Grants(held)
    if inner.within(outer):
        scopes = inner.scopes_of(permission)
        wide = outer.scopes_of(permission)
        assert wide is None or (scopes is not None and set(scopes) <= set(wide))


@given(grant_sets)
def test_every_set_is_within_itself_and_within_everything(texts: list[str]) -> None:
    assert Grants(texts).within(Grants(texts))
    assert Grants(texts).within(Grants(["*"]))


@given(grant_sets, permissions)
def test_more_denials_never_give_more(texts: list[str], permission: str) -> None:
    fewer = Grants([*texts, f"!{permission}"])
    assert not fewer.allows(permission)
    assert fewer.within(Grants(texts))


@given(patterns, patterns, permissions)
def test_a_pattern_covers_another_when_it_matches_all_of_it(wide: str, narrow: str, name: str) -> None:
    if covers(wide, narrow) and matches(narrow, name):
        assert matches(wide, name)


def test_the_star_alone_is_not_given_by_a_holder_of_every_plugin() -> None:
    assert Grants(["*"]).exceeding(Grants(["ticketing.*", "time.*"])) == ["*"]


def test_an_intersection_never_widens() -> None:
    assert intersect(None, None) is None
    assert intersect(("own", "team"), ("team", "own")) == ("own", "team")
    assert intersect((), None) == ()


@pytest.mark.parametrize(
    "text", ["", "!", "a..b", "A.b", "a.*.b", "**", "a*", "a.b@", "!a.b@own", "a b", "a.b@Own", "*.read"]
)
def test_what_is_no_grant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"grant|denies"):
        parse(text)
