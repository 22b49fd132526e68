"""The one error of boot, holding everything that is wrong."""

from collections.abc import Sequence


class BootError(Exception):
    """The plugin set can't start; `problems` are sentences, each naming the plugin and the thing.

    Example:
        >>> print(BootError(["billing: requires contacts, which is not installed."]))
        The plugins can't start (1 problem):
          - billing: requires contacts, which is not installed.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        """Hold the problems in the order found."""
        self.problems = tuple(problems)
        count = f"{len(self.problems)} problem{'' if len(self.problems) == 1 else 's'}"
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"The plugins can't start ({count}):{lines}")
