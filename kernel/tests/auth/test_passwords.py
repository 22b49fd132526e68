"""Setting passwords: AUTH-02, AUTH-22, AUTH-23."""

import asyncio
import itertools
import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from psa_kernel.builtin.auth import password_change
from psa_kernel.builtin.auth.actors import find_and_request_password, remove_what_is_over
from psa_kernel.builtin.auth.directory import TenantDirectory
from psa_kernel.builtin.auth.password_policy import weaknesses
from psa_kernel.builtin.auth.password_rules import shortest_by
from psa_kernel.builtin.auth.passwords import Passwords, normalised
from psa_kernel.builtin.auth.refreshing import refresh
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_kernel.builtin.settings import writer
from psa_kernel.builtin.settings.sections import section_of
from psa_kernel.principal import ANONYMOUS
from psa_sdk.errors import Invalid, NotFound, Problem, RateLimited, Unauthenticated, Unavailable
from psa_sdk.identity import Directory

from .conftest import HERE, OTHER_PASSWORD, PASSWORD, House


def refused(password: str, **options: object) -> bool:
    return bool(weaknesses(password, min_length=8, **options))


@pytest.mark.parametrize(
    "password",
    ["password1234", "qwertyuiop12", "aaaaaaaaaaaaaaaa", "123456789012", "iloveyou1234", "Passw0rd1234", ""],
)
def test_what_attackers_try_first_is_refused(password: str) -> None:
    """AUTH-23, S3: offline, from a shipped list of leaked passwords."""
    assert refused(password)


def test_length_alone_is_enough() -> None:
    assert not refused("violin harbour mosaic")
    assert not refused("пять зелёных слонов")
    assert not refused("qz%Lm!vw"), "nor need it be made of letters"
    assert not refused("🎻🎺🎷🥁🪘🎸🪕🎹", context=["Acme Services"])


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.integers(8, 20))
def test_length_is_counted_in_characters_however_they_are_composed(password: str, shortest: int) -> None:
    """S2: code points of the NFC form, whatever script; nothing but length, guesses and known words speaks against it."""
    composed, apart = (unicodedata.normalize(form, password) for form in ("NFC", "NFD"))
    found = weaknesses(password, min_length=shortest)
    assert found == weaknesses(composed, min_length=shortest) == weaknesses(apart, min_length=shortest)
    short = f"The password is too short; use at least {shortest} characters."
    assert (short in found) == (len(composed) < shortest)
    assert {text.split("; ")[0] for text in found} <= {
        "The password is too short",
        "The password is among the first that attackers try",
        "The password is made of your name, address or organisation",
    }


@settings(max_examples=40)
@given(
    st.text(st.characters(min_codepoint=0x370, exclude_categories=["Cs", "Cn"]), min_size=64, max_size=200),
    st.data(),
)
def test_no_length_and_no_script_is_refused_for_itself(password: str, data: st.DataObject) -> None:
    """S2: 64 characters and more, without any rule of composition."""
    assume(len(set(unicodedata.normalize("NFC", password))) > 20)
    assert weaknesses(password, min_length=15, context=["Acme Services", "ann@acme.example"]) == []
    place = data.draw(st.integers(0, len(password) - 1))
    assert normalised(password) != normalised(password[:place]), "every character counts"


def test_words_that_everybody_knows_are_refused() -> None:
    """S2."""
    assert refused("acme-services-26", context=["Acme Services", "ann"])
    assert refused("Ann.Example.2026", context=["Ann Example"])
    assert refused("psa-psa-psa-psa-psa")
    assert not refused("violin acme mosaic", context=["Acme Services"])


def test_what_is_too_long_is_refused_with_the_limit() -> None:
    [problem] = weaknesses("violin harbour " * 100, min_length=15)
    assert "1024" in problem


@given(st.text(min_size=1, max_size=60), st.text(min_size=0, max_size=4))
def test_any_text_can_be_judged(password: str, word: str) -> None:
    assert all(text.endswith(".") for text in weaknesses(password, min_length=8, context=[word]))


async def test_every_character_counts_and_composition_does_not() -> None:
    """S2: no truncation, no case folding; NFC."""
    hasher = Passwords(time_cost=1, memory_cost=64)
    long = "ä" * 200
    phc = await hasher.hash(long)
    assert (await hasher.check(phc, "a\u0308" * 200)).matches
    for other in (long[:-1], long + "ä", long.upper(), "", "ä" * 2000):
        assert not (await hasher.check(phc, other)).matches
    assert not (await hasher.check("no hash", "x")).matches
    hasher.close()


async def test_a_full_queue_answers_at_once() -> None:
    """S1."""
    hasher = Passwords(time_cost=1, memory_cost=64)
    answers = await asyncio.gather(*(hasher.check(None, "x") for _ in range(80)), return_exceptions=True)
    assert sum(isinstance(answer, Unavailable) for answer in answers) == 16
    assert not (await hasher.check(None, "x")).matches
    hasher.close()


async def change(house: House, email: str, current: str, new: str, token: str = "") -> None:
    token = token or (await house.log_in(email, current)).access_token
    await password_change.change(house.kernel, await house.who(token), current, new, HERE)


async def test_a_change_ends_the_other_sessions_and_pending_resets(house: House) -> None:
    """AUTH-22."""
    here, other = await house.log_in(), await house.log_in()
    token = await reset_token(house)
    await change(house, "", PASSWORD, OTHER_PASSWORD, here.access_token)
    await house.who(here.access_token)
    with pytest.raises(Unauthenticated):
        await house.who(other.access_token)
    with pytest.raises(Unauthenticated):
        await refresh(house.kernel, "staff", other.refresh_token, HERE)
    with pytest.raises(Invalid, match="used"):
        await password_change.redeem(house.kernel, "staff", token, PASSWORD, HERE)
    with pytest.raises(Unauthenticated):
        await house.log_in()
    await house.log_in(password=OTHER_PASSWORD)
    assert len(await house.audited("password_changed")) == 1


async def test_a_wrong_current_password_counts_towards_the_lock(house: House) -> None:
    """S4."""
    token = (await house.log_in()).access_token
    for _ in range(5):
        with pytest.raises(Invalid) as caught:
            await change(house, "", "wrong", OTHER_PASSWORD, token)
        assert caught.value.faults[0].pointer == "/data/attributes/current_password"
    with pytest.raises(RateLimited):
        await change(house, "", PASSWORD, OTHER_PASSWORD, token)
    with pytest.raises(RateLimited):
        await house.log_in()


async def test_the_last_five_passwords_do_not_come_back(house: House) -> None:
    """AUTH-23."""
    words = ["violin", "copper", "saddle", "meadow", "tunnel", "walnut", "ribbon"]
    used = [f"{word} harbour mosaic" for word in words]
    for current, new in itertools.pairwise(used[:6]):
        await change(house, "admin@acme.example", current, new)
    for former in used[1:6]:
        with pytest.raises(Invalid, match="last 5"):
            await change(house, "admin@acme.example", used[5], former)
    await change(house, "admin@acme.example", used[5], used[0])


async def test_a_weak_password_is_refused_with_every_reason(house: House) -> None:
    with pytest.raises(Invalid) as caught:
        await change(house, "admin@acme.example", PASSWORD, "acme")
    assert [fault.pointer for fault in caught.value.faults] == ["/data/attributes/new_password"] * 2


SHORT, SHORTER = "tunnel 7 ribbon", "qz%Lm!v"


async def test_fifteen_characters_or_eight_beside_a_second_factor_that_is_required(house: House) -> None:
    """S2: one that its owner has by choice doesn't count."""
    with pytest.raises(Invalid, match="at least 15"):
        await change(house, "admin@acme.example", PASSWORD, SHORT[1:])
    await change(house, "admin@acme.example", PASSWORD, SHORT)
    token = (await house.log_in(password=SHORT)).access_token
    await house.sql("UPDATE psa.role SET requires_second_factor = true WHERE key = 'admin'")
    with pytest.raises(Invalid, match="at least 8"):
        await change(house, "", SHORT, SHORTER, token)
    await change(house, "", SHORT, SHORTER + "w", token)
    reset = await reset_token(house)
    assert [await shortest_by(house.kernel, audience, reset) for audience in ("staff", "portal")] == [8, 15]
    await house.sql("UPDATE psa.role SET requires_second_factor = false")
    assert await shortest_by(house.kernel, "staff", reset) == 15
    with pytest.raises(Invalid, match="at least 15"):
        await password_change.redeem(house.kernel, "staff", reset, SHORTER + "ww", HERE)
    await house.log_in(password=SHORTER + "w")  # What was set keeps its worth.


async def reset_token(house: House, email: str = "admin@acme.example") -> str:
    async with house.kernel.unit(house.acme) as unit:
        await find_and_request_password.run(unit, audience="staff", email=email)
        [row] = await unit.db.fetch("SELECT id FROM psa.password_request")
        return (await unit.service(Directory).password_token(row["id"])).token


async def test_a_reset_sets_a_password_once_and_ends_all_sessions(house: House) -> None:
    """AUTH-22."""
    session = await house.log_in()
    token = await reset_token(house)
    with pytest.raises(Invalid, match="first that attackers"):
        await password_change.redeem(house.kernel, "staff", token, "password12345678", HERE)
    await password_change.redeem(house.kernel, "staff", token, OTHER_PASSWORD, HERE)
    with pytest.raises(Unauthenticated):
        await house.who(session.access_token)
    await house.log_in(password=OTHER_PASSWORD)
    with pytest.raises(Invalid, match="used"):
        await password_change.redeem(house.kernel, "staff", token, PASSWORD, HERE)


async def test_one_of_two_at_once_redeems_a_token(house: House) -> None:
    token = await reset_token(house)
    results = await asyncio.gather(
        *(password_change.redeem(house.kernel, "staff", token, OTHER_PASSWORD + word, HERE) for word in "ab"),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Invalid", "NoneType"]


async def test_a_reset_lives_half_an_hour_and_the_newest_counts(house: House) -> None:
    """AUTH-22."""
    first, second = await reset_token(house), await reset_token(house)
    for token in (first, "", "psap_" + "0" * 64):
        with pytest.raises(Invalid, match="used"):
            await password_change.redeem(house.kernel, "staff", token, OTHER_PASSWORD, HERE)
    house.later(minutes=30)
    with pytest.raises(Invalid, match="used"):
        await password_change.redeem(house.kernel, "staff", second, OTHER_PASSWORD, HERE)


async def test_a_changed_address_or_the_other_audience_voids_a_reset(house: House) -> None:
    """AUTH-22, S11: a reset is bound to the address and the realm it was asked for."""
    token = await reset_token(house)
    with pytest.raises(Invalid, match="used"):
        await password_change.redeem(house.kernel, "portal", token, OTHER_PASSWORD, HERE)
    async with house.kernel.unit(house.acme) as unit:
        await unit.records.update("users", house.admin, {"email": "boss@acme.example"})
    with pytest.raises(Invalid, match="used"):
        await password_change.redeem(house.kernel, "staff", token, OTHER_PASSWORD, HERE)


async def test_a_forgotten_password_is_asked_for_without_a_trace_of_a_token(house: House) -> None:
    """AUTH-02: the event names the request; only who sends the mail asks for the token."""
    await house.person("gone@acme.example")
    await house.sql("UPDATE psa.account SET status = 'disabled' WHERE email = 'gone@acme.example'")
    async with house.kernel.unit(house.acme) as unit:
        for email in ("nobody@acme.example", "gone@acme.example", "admin@rival.example"):
            await find_and_request_password.run(unit, audience="staff", email=email)
    assert await house.sql("SELECT * FROM psa.password_request") == []
    token = await reset_token(house)
    for table in ("outbox", "audit_entry", "password_request"):
        rows = [tuple(row) for row in await house.sql(f"SELECT * FROM psa.{table}")]
        assert token.split("_")[1] not in str(rows)
    [event] = await house.sql("SELECT payload FROM psa.outbox WHERE name = 'auth.password_requested'")
    assert '"purpose": "reset"' in event["payload"]


async def test_an_invitation_makes_an_account_active(house: House) -> None:
    user = await house.person("new@acme.example", "technician", password="")
    async with house.kernel.unit(house.acme) as unit:
        directory = TenantDirectory(unit)
        asked = await directory.request_password(user)
        minted = await directory.password_token(asked)
        assert (await directory.password_token(asked)).token == minted.token, (
            "shown and mailed, both are good"
        )
        assert (await directory.password_token(await directory.request_password(user))).token != minted.token
        minted = await directory.password_token(await directory.request_password(user))
        assert (minted.purpose, minted.account.status) == ("invitation", "invited")
        assert minted.token not in repr(minted)
    house.later(hours=71)
    await password_change.redeem(house.kernel, "staff", minted.token, OTHER_PASSWORD, HERE)
    await house.log_in("new@acme.example", OTHER_PASSWORD)


async def test_an_expired_password_lets_one_in_to_change_it_only(house: House) -> None:
    """AUTH-23."""
    async with house.kernel.unit(house.acme) as unit:
        section = section_of(house.kernel.registry, AuthSettings)
        await writer.change(unit, section, {"password_max_age_days": 90})
    house.later(days=91)
    issued = await house.log_in()
    assert issued.confined == "password_expired"
    who = await house.who(issued.access_token)
    assert not who.allows("auth.users.read")
    refreshed = await refresh(house.kernel, "staff", issued.refresh_token, HERE)
    assert refreshed.confined == "password_expired"
    await change(house, "", PASSWORD, OTHER_PASSWORD, refreshed.access_token)
    assert (await house.who(refreshed.access_token)).allows("auth.users.read")
    assert (await house.log_in(password=OTHER_PASSWORD)).confined == ""


async def test_the_operators_password_obeys_the_policy(house: House) -> None:
    with pytest.raises(Problem, match="too short"):
        await password_change.set_password(house.kernel, house.acme, house.admin, "short")
    with pytest.raises(NotFound):
        await password_change.set_password(house.kernel, house.rival, house.admin, OTHER_PASSWORD)


async def test_what_is_over_is_removed(house: House) -> None:
    await house.log_in()
    await reset_token(house)
    with pytest.raises(Unauthenticated):
        await house.log_in(password="wrong")
    house.later(days=29)
    kept = await house.log_in()
    house.later(days=32)
    kept = await house.log_in()
    async with house.kernel.unit(house.acme) as unit:
        await remove_what_is_over.run(unit)
    assert [row["id"] for row in await house.sql("SELECT id FROM psa.session ORDER BY id DESC LIMIT 1")] == [
        kept.session_id
    ]
    assert len(await house.sql("SELECT id FROM psa.session")) == 2
    assert await house.sql("SELECT 1 FROM psa.password_request") == []
    assert await house.sql("SELECT 1 FROM psa.login_failure") == []


async def test_anonymous_holds_nothing() -> None:
    assert not ANONYMOUS.allows("auth.users.read")
    assert not ANONYMOUS.authenticated
