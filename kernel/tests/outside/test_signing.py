"""Signatures: the tenant's own, for one purpose, also shortened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psa_kernel.builtin.tenancy.provisioning import provision
from psa_sdk.signing import Signer, read_token, write_token


async def test_a_signature_is_good_for_its_text_purpose_and_tenant(new_kernel):
    kernel = await new_kernel()
    first, second = (
        await provision(kernel, slug="one", name="One"),
        await provision(kernel, slug="two", name="Two"),
    )
    async with kernel.unit(first) as unit, kernel.unit(second) as other:
        mine, theirs = unit.service(Signer), other.service(Signer)

        @given(st.text(), st.text(), st.integers(0, 31))
        def holds(purpose, text, length):
            signed = mine.sign(purpose, text)
            assert mine.verify(purpose, text, signed)
            assert mine.verify(purpose, text, signed[:length]) == (length >= 10)
            assert not mine.verify(purpose + "x", text, signed)
            assert not mine.verify(purpose, text + "x", signed)
            assert not theirs.verify(purpose, text, signed)

        holds()


async def test_a_token_is_good_to_the_last_letter(new_kernel):
    """Base64 has bits to spare in the last letter: no other spelling may do."""
    kernel = await new_kernel()
    async with kernel.unit(await provision(kernel, slug="one", name="One")) as unit:
        signer = unit.service(Signer)
        token = write_token(signer, "purpose", "text")
        assert read_token(signer, "purpose", token) == "text"
        others = {
            token[:place] + letter + token[place + 1 :]
            for place in range(len(token))
            for letter in "ABZaz09-_"
        }
        for wrong in (others - {token}) | {
            token + "A",
            token + "=",
            token[:-1],
            token + ".",
            "text",
            "text.",
            "",
        }:
            with pytest.raises(ValueError):
                read_token(signer, "purpose", wrong)
        with pytest.raises(ValueError, match="not made here"):
            read_token(signer, "other", token)
