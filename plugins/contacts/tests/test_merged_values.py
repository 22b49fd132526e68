"""What the contact that stays gains by a merge (CRM-05)."""

from hypothesis import given
from hypothesis import strategies as st

from psa_contacts.contact_merging import merged_values
from psa_contacts.merges import Pair

TEXTS = st.one_of(st.none(), st.text(max_size=5))
ROWS = st.fixed_dictionaries(
    {
        **dict.fromkeys(("email", "phone", "mobile", "title", "department", "timezone", "external_id", "notes"), TEXTS),
        "company": st.one_of(st.none(), st.uuids()),
        "portal_user": st.one_of(st.none(), st.uuids()),
        "is_portal_user": st.booleans(),
        "is_primary": st.booleans(),
        "tags": st.lists(st.sampled_from("abcd"), unique=True),
        "custom_fields": st.dictionaries(st.sampled_from("xyz"), st.one_of(st.none(), st.just(""), st.integers())),
    }
)  # fmt: skip


def pair(winner, loser) -> Pair:
    return Pair(winner=winner, loser=loser, inherited={}, contested=())


@given(ROWS, ROWS)
def test_a_winner_never_loses_a_value_and_gains_what_it_lacks(winner, loser):
    """CRM-05"""
    after = {**winner, **merged_values(pair(winner, loser))}
    for column in (
        "email",
        "phone",
        "mobile",
        "title",
        "department",
        "timezone",
        "external_id",
        "company",
        "portal_user",
    ):
        assert after[column] == (winner[column] if winner[column] is not None else loser[column])
    assert after["tags"][: len(winner["tags"])] == winner["tags"]
    assert set(after["tags"]) == {*winner["tags"], *loser["tags"]}
    assert len(after["tags"]) == len(set(after["tags"]))
    for key, value in winner["custom_fields"].items():
        if value not in (None, ""):
            assert after["custom_fields"][key] == value
    for key, value in loser["custom_fields"].items():
        assert value in (None, "") or after["custom_fields"][key] not in (None, "")
    assert not (winner["is_primary"] and not after["is_primary"])


@given(ROWS)
def test_merging_an_equal_contact_changes_nothing_but_notes(row):
    """CRM-05"""
    same = {**row, "notes": None, "custom_fields": dict.fromkeys(row["custom_fields"], 1)}
    assert merged_values(pair(same, same)).keys() <= {"is_primary"}
