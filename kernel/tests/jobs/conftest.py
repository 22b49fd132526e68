from ..events.bench.kernel import bench, new_bench, valkey  # noqa: TID252 - tests are no package

__all__ = ["bench", "new_bench", "valkey"]
