"""The pure rules of contacts, against what they promise."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psa_contacts.email_addresses import check_address, normalise_address, normalise_domain, suffixes
from psa_contacts.hierarchy import MAX_DEPTH, check_chain
from psa_contacts.phones import to_e164
from psa_sdk.errors import Invalid

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
DOMAINS = st.lists(LABELS, min_size=2, max_size=5).map(".".join)
LOCALS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,12}", fullmatch=True)


class Tree:
    """A forest in memory, as the database holds it."""

    def __init__(self) -> None:
        self.parents: dict[UUID, UUID | None] = {}

    def up(self, one: UUID | None) -> list[UUID]:
        found: list[UUID] = []
        while one is not None:
            assert one not in found, "a cycle"
            found.append(one)
            one = self.parents[one]
        return found

    def height(self, one: UUID) -> int:
        return 1 + max(
            (self.height(child) for child, parent in self.parents.items() if parent == one), default=0
        )


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=60))
def test_no_sequence_of_allowed_moves_builds_a_cycle_or_a_deep_tree(moves):
    """CRM-01"""
    tree, nodes = Tree(), [uuid4() for _ in range(12)]
    tree.parents = dict.fromkeys(nodes)
    for child, parent in moves:
        above = tree.up(nodes[parent])
        refused = nodes[child] in above or len(above) + tree.height(nodes[child]) > MAX_DEPTH
        try:
            check_chain(nodes[child], above, tree.height(nodes[child]))
        except Invalid:
            assert refused
            continue
        assert not refused
        tree.parents[nodes[child]] = nodes[parent]
    assert all(len(tree.up(node)) <= MAX_DEPTH for node in nodes)


@given(LOCALS, DOMAINS)
def test_addresses_compare_without_case_and_keep_their_tag(local: str, domain: str):
    """CRM-03"""
    plain = normalise_address(f"{local}@{domain}")
    assert normalise_address(plain) == plain
    assert normalise_address(f" {local.upper()}@{domain.upper()} ") == plain
    assert normalise_address(f"{local}+x@{domain}") != plain


@given(st.text(max_size=40))
def test_whatever_is_accepted_as_an_address_normalises_the_same_twice(text: str):
    """CRM-03"""
    shown, fault = check_address(text, "/x")
    if fault is None:
        assert normalise_address(shown) == normalise_address(normalise_address(shown))
    else:
        assert fault.code == "invalid_email"


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("Straße.example", "xn--strae-oqa.example"),
        ("EXAMPLE.com.", "example.com"),
        ("bad..dots", "bad..dots"),
    ],
)
def test_domains_have_one_form(text: str, normalised: str):
    """CRM-03, CRM-04"""
    assert normalise_domain(text) == normalised


@given(DOMAINS)
def test_suffixes_go_from_the_domain_to_its_last_two_labels(domain: str):
    """CRM-04"""
    found = suffixes(domain)
    assert found[0] == domain
    assert found[-1].count(".") == 1
    assert all(domain.endswith(f".{one}") for one in found[1:])
    assert list(found) == sorted(found, key=len, reverse=True)


@given(
    st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True),
    st.sampled_from(["{}", "+1 {}", "1-{}", "({0})"]),
)
def test_a_number_has_one_form_however_it_is_written(digits: str, form: str):
    """CRM-12"""
    grouped = f"{digits[:3]}) {digits[3:6]}-{digits[6:]}" if form.startswith("(") else digits
    text = f"({grouped}" if form.startswith("(") else form.format(digits)
    assert to_e164(text, "US") == f"+1{digits}"
    assert to_e164(f"+1{digits}", "DE") == f"+1{digits}"


@given(st.text(max_size=30))
def test_what_is_no_number_is_refused_and_what_is_one_stays(text: str):
    """CRM-12"""
    found = to_e164(text, "US")
    assert found is None or to_e164(found, "DE") == found
