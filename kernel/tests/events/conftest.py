from .bench.kernel import bench, new_bench, valkey

__all__ = ["bench", "new_bench", "valkey"]
