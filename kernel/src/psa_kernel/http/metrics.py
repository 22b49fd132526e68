"""Metrics in Prometheus' text format: requests, background work, and the pool."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from psa_kernel.kernel import Kernel

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one application."""

    def __init__(self, kernel: Kernel) -> None:
        """Register counters, and gauges that read the kernel's pool when asked."""
        self._registry = CollectorRegistry()
        self._background = kernel.figures.registry
        self._requests = Counter(
            "psa_http_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "psa_http_request_seconds",
            "Time until the answer was sent.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        size = Gauge("psa_database_connections", "Open database connections.", registry=self._registry)
        size.set_function(kernel.pool.get_size)
        idle = Gauge("psa_database_connections_idle", "Idle database connections.", registry=self._registry)
        idle.set_function(kernel.pool.get_idle_size)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is the path's template, so that ids don't multiply the series."""
        key = (method, route, status)
        children = self._children.get(key)
        if children is None:
            children = (
                self._requests.labels(method, route, str(status)),
                self._seconds.labels(method, route),
            )
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)

    def text(self) -> bytes:
        """Return all figures in the exposition format, version 0.0.4."""
        return generate_latest(self._registry) + generate_latest(self._background)
