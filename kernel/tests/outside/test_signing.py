"""Signatures: the tenant's own, for one purpose, also shortened."""

from hypothesis import given
from hypothesis import strategies as st

from psa_kernel.builtin.tenancy.provisioning import provision
from psa_sdk.signing import Signer


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
