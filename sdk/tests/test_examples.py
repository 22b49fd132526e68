"""Every example in the SDK's documentation runs."""

import doctest
import importlib
import pkgutil

import pytest

import psa_sdk

MODULES = [
    name
    for _, name, _ in pkgutil.walk_packages(psa_sdk.__path__, "psa_sdk.")
    if not name.startswith("psa_sdk.template")
]


@pytest.mark.parametrize("name", ["psa_sdk", *MODULES])
def test_its_examples_are_true(name: str):
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0


@pytest.mark.parametrize("name", ["psa_sdk", *MODULES])
def test_every_public_name_is_described(name: str):
    module = importlib.import_module(name)
    assert module.__doc__
    for exported in getattr(module, "__all__", ()):
        assert hasattr(module, exported)
