"""One process: its event loop and its memory."""

import asyncio
import ctypes
import gc
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_GENERATIONS = (50_000, 20, 50)
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end on uvloop, or on asyncio's own loop where there's none (Windows)."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def collect_seldom() -> None:
    """Look for garbage less often than usual: importing and filling make much that stays."""
    gc.set_threshold(*_GENERATIONS)


def settle_memory() -> None:
    """Keep what start-up made out of garbage collection, collect less often, and keep memory for the next answer."""
    gc.collect()
    gc.freeze()
    collect_seldom()
    # glibc (others lack mallopt) gives large blocks back to the system at once, and getting those of a list of
    # some 100 kB anew takes a fifth of the time that its request takes.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, 16 << 20)
        mallopt(_TRIM_THRESHOLD, 64 << 20)
