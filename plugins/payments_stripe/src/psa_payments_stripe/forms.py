"""Bodies as Stripe takes them: forms whose names nest in brackets."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode


def encoded(values: Mapping[str, Any]) -> str:
    """Return nested values as a form; None and empty texts are left out.

    Example:
        >>> encoded({"expand": ["a"], "metadata": {"id": 1}, "items": [{"quantity": 2}], "confirm": True})
        'expand%5B0%5D=a&metadata%5Bid%5D=1&items%5B0%5D%5Bquantity%5D=2&confirm=true'
    """
    return urlencode([pair for name, value in values.items() for pair in _flat(name, value)])


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{name}[{key}]", inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, inner in enumerate(value):
            yield from _flat(f"{name}[{index}]", inner)
    elif isinstance(value, bool):
        yield name, str(value).lower()
    elif value is not None and value != "":
        yield name, str(value)
