from ..events.bench.kernel import bench, new_bench, own_database, valkey  # noqa: TID252 - tests are no package

__all__ = ["bench", "new_bench", "own_database", "valkey"]
