"""Filters mean in PostgreSQL what they mean to the library's own evaluator, whatever the filter and the people."""

import asyncio

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scim2_models import Context as Phase
from scim2_models import InvalidFilterException
from scim2_models.path import ScimFilter

from psa_scim.filtering import LONGEST, Compiler, Source
from psa_scim.models import LENIENT, FullUser
from psa_sdk.testing import Kit

from .conftest import ENTERPRISE

WORDS = st.sampled_from(["", "a", "A", "ab", "Äb", "b%", "b_", "'", '"', "\\", "work", "home"])
TEXTS = (
    "userName",
    "title",
    "name.givenName",
    f"{ENTERPRISE}:department",
    "externalId",
    "emails.value",
    "emails.type",
)
WHOLES = ("name", "emails", "active", "emails.primary", "phoneNumbers", "schemas", "nickName", *TEXTS)
people = st.fixed_dictionaries(
    {"userName": WORDS.filter(bool)},
    optional={
        "title": WORDS,
        "externalId": WORDS,
        "active": st.booleans(),
        "name": st.fixed_dictionaries({}, optional={"givenName": WORDS, "familyName": WORDS}),
        "emails": st.lists(
            st.fixed_dictionaries({}, optional={"value": WORDS, "type": WORDS, "primary": st.booleans()}),
            max_size=3,
        ),
        ENTERPRISE: st.fixed_dictionaries({}, optional={"department": WORDS}),
    },
)


def read(document: object) -> FullUser:
    return FullUser.model_validate(document, scim_ctx=None, scim_policy=LENIENT)


def quoted(text: str) -> str:
    return ScimFilter.quote(text)


comparisons = st.builds(
    lambda path, operator, word: f"{path} {operator} {quoted(word)}",
    st.sampled_from((*TEXTS, "emails", "nickName")),
    st.sampled_from(("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "EQ")),
    WORDS,
)
present = st.sampled_from(WHOLES).map(lambda path: f"{path} pr")
truths = st.builds(
    lambda path, operator, value: f"{path} {operator} {value}",
    st.sampled_from(("active", "emails.primary", "title", "emails", "emails.type")),
    st.sampled_from(("eq", "ne")),
    st.sampled_from(("true", "false", "null")),
)
inside = st.builds(
    lambda kind, join, word: f"emails[type eq {quoted(kind)} {join} not (value co {quoted(word)})]",
    WORDS,
    st.sampled_from(("and", "or")),
    WORDS,
)
filters = st.recursive(
    st.one_of(comparisons, present, truths, inside),
    lambda inner: st.one_of(
        st.builds(lambda a, join, b: f"({a} {join} {b})", inner, st.sampled_from(("and", "or")), inner),
        inner.map(lambda a: f"not ({a})"),
    ),
    max_leaves=4,
)


async def test_filters_find_in_the_database_whom_they_match(kit: Kit):
    """RFC 7644 3.4.2.2, every operator, value paths, null, unknown attributes."""
    source, loop = Source("r.document"), asyncio.get_running_loop()

    async def found(ctx, documents: bytes, arguments: list[object], columns: str) -> list[tuple[bool, ...]]:
        rows = await ctx.db.fetch(
            f"SELECT {columns} FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS r (document, n) ORDER BY n",
            *arguments,
        )
        return [tuple(row.values()) for row in rows]

    def check(ctx) -> None:
        @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(people, min_size=1, max_size=4), st.lists(filters, min_size=1, max_size=4))
        def same(sent, texts) -> None:
            users = [read(read(one).model_dump(scim_ctx=Phase.DEFAULT)) for one in sent]
            wanted = []
            for text in texts:
                try:
                    wanted.append(ScimFilter[FullUser](text))
                except InvalidFilterException:
                    continue
            if not wanted:
                return
            documents = msgspec.json.encode(
                [one.model_dump(scim_ctx=Phase.DEFAULT) for one in users]
            ).decode()
            arguments: list[object] = [documents]
            columns = ", ".join(
                f"{Compiler(source, one, arguments).sql()} AS c{n}" for n, one in enumerate(wanted)
            )
            future = asyncio.run_coroutine_threadsafe(found(ctx, documents, arguments, columns), loop)
            expected = [tuple(one.match(user) for one in wanted) for user in users]
            assert future.result(60) == expected, wanted

        same()

    async with kit.unit() as ctx:
        await asyncio.to_thread(check, ctx)


@pytest.mark.parametrize(
    "text",
    [
        'title eq "a', "title eq", "and", "()", "title zz 1", "active gt true", "title eq 5", "title[type eq 1]",
        "(" * 400 + "title pr" + ")" * 400 + "x", "not (" * 40 + "title pr" + ")" * 40,
    ],
)  # fmt: skip
async def test_what_is_no_filter_is_told_so(provider, text):
    for path in ("/Users", "/Groups"):
        answer = await provider.ask("GET", path, params={"filter": text}, expect=400)
        assert answer["scimType"] == "invalidFilter"


async def test_hostile_filters_find_nobody_and_break_nothing(provider):
    for text in ("' OR 1=1 --", '") OR TRUE --', "$1", "\\", "%", "_", "x" * 3000):
        answer = await provider.ask("GET", "/Users", params={"filter": f"userName eq {quoted(text)}"})
        assert answer["totalResults"] == 0
    for text in ('userName eq "a\\u0000"', "title pr" + " or title pr" * (LONGEST // 8)):
        answer = await provider.ask("POST", "/Users/.search", {"filter": text}, expect=400)
        assert answer["scimType"] == "invalidFilter"
