"""Figures of background work, for `/metrics`."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Histogram

Outcome = Literal["done", "skipped", "held", "pending", "dead", "lost", "stopped"]
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0)


class Figures:
    """Counts what became of deliveries, and how long they took; `registry` is to be exposed."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._ended = Counter(
            "psa_deliveries",
            "Tries of subscribers and actors by outcome; pending means it will be tried again.",
            ("handler", "outcome"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "psa_delivery_seconds",
            "How long a try took.",
            ("handler",),
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def ended(self, handler: str, outcome: Outcome) -> None:
        """Count a try."""
        self._ended.labels(handler, outcome).inc()

    @contextmanager
    def timed(self, handler: str) -> Generator[None]:
        """Measure a try."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._seconds.labels(handler).observe(time.perf_counter() - began)
