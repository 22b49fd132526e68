"""The rules of forms, for all answers."""

from hypothesis import given
from hypothesis import strategies as st

from psa_portal.with_ticketing.fields import KINDS, Question, answered, revision

KEYS = st.sampled_from(["a", "b", "c", "d"])
QUESTIONS = st.lists(
    st.builds(
        Question,
        key=KEYS,
        label=st.sampled_from(["What?", "Why"]),
        kind=st.sampled_from(KINDS),
        options=st.just(("one", "two")),
        required=st.booleans(),
        required_if=st.sampled_from(["", "a", "b=one", "c=yes"]),
    ),
    unique_by=lambda question: question.key,
)
SENT = st.dictionaries(KEYS, st.sampled_from(["", "one", "yes", "no", "3,5", "2026-06-01", "x" * 30_000]))


@given(QUESTIONS, SENT, st.sets(KEYS))
def test_every_answer_is_kept_or_told_to_be_wrong_and_never_both(questions, sent, files):
    given_, faults = answered(questions, sent, files)
    kept, wrong = {one.key for one in given_}, {fault.pointer.rpartition("/")[2] for fault in faults}
    assert not kept & wrong
    for question in questions:
        if question.required:
            assert question.key in kept | wrong or (question.kind == "file" and question.key in files)
    assert kept <= {question.key for question in questions}


def test_what_is_required_by_another_answer():
    """PRT-06: `required_if`, booleans too."""
    asked = [
        Question(key="hardware", label="Hardware", kind="choice", options=("None", "Laptop")),
        Question(key="bag", label="Bag", required_if="hardware=Laptop"),
        Question(key="remote", label="Remote", kind="boolean"),
        Question(key="street", label="Street", required_if="remote"),
    ]
    assert not answered(asked, {"hardware": "None"})[1]
    faults = answered(asked, {"hardware": "Laptop", "remote": "on"})[1]
    assert [fault.pointer for fault in faults] == ["/answers/bag", "/answers/street"]


def test_a_form_that_changes_is_another_version():
    one, other = Question(key="a", label="A"), Question(key="a", label="A", required=True)
    assert revision([one]) == revision([Question(key="a", label="A")])
    assert revision([one]) != revision([other])
