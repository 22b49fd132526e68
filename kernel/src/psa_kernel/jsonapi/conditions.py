"""Conditions written with columns (`Ticket.status == "open"`), as SQL with bound values."""

from typing import Any

from piccolo.columns.combination import And, Or, WhereRaw

from psa_sdk.tables import Condition, QueryString


def condition_sql(condition: Condition | QueryString, arguments: list[Any]) -> str:
    """Return a condition's SQL over its tables' names; values are appended to `arguments`."""
    query = condition if isinstance(condition, QueryString) else condition.querystring
    _, fragments, values = query.bundle(start_index=len(arguments) + 1)
    arguments += values
    return "".join(
        fragment.prefix + ("" if fragment.no_arg else f"${fragment.index}") for fragment in fragments
    )


def mentions(condition: Condition, column: str) -> bool:
    """Tell whether a condition speaks of a column."""
    if isinstance(condition, And | Or):
        return mentions(condition.first, column) or mentions(condition.second, column)  # pyright: ignore[reportArgumentType]
    if isinstance(condition, WhereRaw):
        return column in str(condition.querystring)
    return condition.column._meta.name == column
