from .bench.kernel import bench, new_bench, own_database, valkey

__all__ = ["bench", "new_bench", "own_database", "valkey"]
