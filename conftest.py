"""Fixtures and options that every test of the workspace may use."""

import gc
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# A property holds however busy the machine is.
settings.register_profile(
    "house", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("house"), max_examples=400)
settings.load_profile("house")
pytest_plugins = [f"psa_kernel.testing.{name}" for name in ("cluster", "database", "hashing", "scratch")]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what measurements need to be asked for."""
    parser.addoption(
        "--performance", action="store_true", help="Measure: takes minutes and the whole machine."
    )
    parser.addoption("--thorough", action="store_true", help="Generate many more cases, install clients.")
    parser.addoption("--size", default="20x5000", help="Tenants x tickets to measure with [20x5000].")


def pytest_configure(config: pytest.Config) -> None:
    """Look for counter-examples longer when asked to be thorough."""
    if config.getoption("--thorough"):
        settings.load_profile("thorough")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for garbage not at all while tests are collected, and then as seldom as a server does."""
    from psa_kernel.process import settle_memory

    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        settle_memory()


_ASKED_FOR = {
    "performance": "It measures, which takes minutes and the whole machine: pytest tests/performance --performance",
    "thorough": "It takes minutes or the network: pytest tests/contract --thorough",
}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long unless it is asked for, and begin early with what takes long nevertheless."""
    _order(items)
    for name, reason in _ASKED_FOR.items():
        if config.getoption(f"--{name}"):
            continue
        for item in items:
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=reason))


def _order(items: list[pytest.Item]) -> None:
    """Let the first of two workers begin with the browser and the second with what is slow.

    Both take whatever is left then, and neither waits long for the other at the end. Browser tests are in a row:
    the browser's driver and asynchronous tests each want the thread's loop. So are those of a folder, in whatever
    order among each other: what was started for one serves them all, and in one worker.
    """
    folders = list(dict.fromkeys(item.path.parent for item in items))
    items.sort(key=lambda item: folders.index(item.path.parent))
    browser = [item for item in items if "tests/browser" in item.path.as_posix()]
    slow = [item for item in items if item.get_closest_marker("slow")]
    early = {*browser, *slow}
    rest = [item for item in items if item not in early]
    half = max(len(items) // 2 - len(browser), 0)
    items[:] = [*browser, *rest[:half], *slow, *rest[half:]]
