"""The SQL that emits a resource object's JSON text from a row.

What PostgreSQL can't compute is left open: the text holds `SPLICE` where Python puts the computed
attributes, and the columns they need come beside it.
"""

from collections.abc import Mapping, Sequence

import msgspec

from psa_kernel.jsonapi.shape import SUBJECT, Attribute, Relation, Shape, column_sql, quoted
from psa_sdk.resources import Subject

SPLICE = "\x01"
"""Never part of JSON text, where control characters are escaped."""


class Emitted(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What of a shape goes into a document, by its sparse fieldset."""

    shape: Shape
    attributes: tuple[Attribute, ...]
    computed: tuple[Attribute, ...]
    relations: tuple[Relation, ...]
    subject: Subject | None = None

    @property
    def satellites(self) -> tuple[int, ...]:
        """Which satellites the output needs."""
        used = {item.satellite for item in (*self.attributes, *self.relations)}
        return tuple(sorted(used - {-1}))

    @property
    def needs(self) -> dict[str, str]:
        """The columns that computed attributes need: name to SQL over `{row}`."""
        found: dict[str, str] = {}
        for attribute in self.computed:
            if attribute.computed is not None:
                for column in attribute.computed.needs:
                    found[column._meta.name] = f"{{row}}.{quoted(column._meta.name)}"
        return found


def emitted(shape: Shape, fields: Mapping[str, Sequence[str]]) -> Emitted:
    """Select what of a shape is shown."""
    wanted = fields.get(shape.name)
    chosen = [item for item in shape.attributes.values() if wanted is None or item.name in wanted]
    return Emitted(
        shape=shape,
        attributes=tuple(item for item in chosen if item.computed is None),
        computed=tuple(item for item in chosen if item.computed is not None),
        relations=tuple(item for item in shape.relations.values() if wanted is None or item.name in wanted),
        subject=shape.subject if wanted is None or SUBJECT in wanted else None,
    )


def literal(text: str) -> str:
    """Quote text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def _attributes(output: Emitted, row: str, ready: bool) -> str:
    """Return SQL for the text of the attributes object."""
    hole = f" || {literal(SPLICE)}" if output.computed else ""
    if not output.attributes:
        return f"'{{'{hole} || '}}'" if hole else "'{}'"
    columns = ", ".join(
        (
            f"{row}.{quoted(item.name)}"
            if ready and item.derived and item.kind != "decimal"
            else f"({row}.{quoted(item.name)})::text AS {quoted(item.name)}"
            if ready and item.derived
            else f"{item.shown.replace('{row}', row)} AS {quoted(item.name)}"
        )
        for item in output.attributes
    )
    text = f"row_to_json((SELECT psa_a FROM (SELECT {columns}) AS psa_a))::text"
    return f"left({text}, -1) || ','{hole} || '}}'" if hole else text


def identifier(name: str, value: str) -> str:
    """Return SQL for the text of a resource identifier object; NULL when the value is."""
    return f"""'{{"type":"{name}","id":"' || {value} || '"}}'"""


def resource_object(
    output: Emitted, row: str, *, ready: bool = False, linkage: Mapping[str, str] | None = None
) -> str:
    """Return SQL for the JSON text of one resource object.

    `row` is the alias of the row; `ready` tells that derived columns are already evaluated in it.
    `linkage` gives, for included to-many relationships, SQL of the text that follows the links
    (`,"data":[…]`, or empty).
    """
    shape = output.shape
    me = f"{shape.url}/' || {row}.id || '"
    parts: list[str] = []
    for relation in output.relations:
        links = f'"links":{{"self":"{me}/relationships/{relation.name}","related":"{me}/{relation.name}"}}'
        if relation.many:
            data = (linkage or {}).get(relation.name)
            text = f"'\"{relation.name}\":{{{links}'"
            parts.append(f"{text} || {data} || '}}'" if data else f"'\"{relation.name}\":{{{links}}}'")
        else:
            column = relation.column.replace("{row}", row)
            parts.append(
                f'\'"{relation.name}":{{{links},"data":\' ||'
                f" coalesce({identifier(relation.target, column)}, 'null') || '}}'"
            )
    if output.subject is not None:
        kind, held = column_sql(output.subject.kind, row), column_sql(output.subject.id, row)
        parts.append(
            f"""'"{SUBJECT}":{{"data":{{"type":' || to_json({kind})::text || ',"id":"' || {held} || '"}}}}'"""
        )
    relationships = " || ',' || ".join(parts)
    between = f" || ',\"relationships\":{{' || {relationships} || '}}'" if parts else ""
    return (
        f"""'{{"type":"{shape.name}","id":"' || {row}.id || '","attributes":' || """
        f"""{_attributes(output, row, ready)}{between} || ',"links":{{"self":"{me}"}}}}'"""
    )


def needed(output: Emitted, row: str) -> str:
    """Return SQL for the JSON text of the columns that computed attributes need."""
    columns = ", ".join(
        f"{value.replace('{row}', row)} AS {quoted(name)}" for name, value in output.needs.items()
    )
    return f"row_to_json((SELECT psa_n FROM (SELECT {columns}) AS psa_n))::text"


def row_columns(output: Emitted, row: str) -> dict[str, str]:
    """Return the columns of a CTE that holds everything the output needs, derived ones evaluated."""
    columns: dict[str, str] = {"id": f"{row}.id"}
    for attribute in output.attributes:
        if attribute.satellite < 0:
            columns[attribute.name] = attribute.value.replace("{row}", row)
    for relation in output.shape.relations.values():
        if not relation.many and relation.satellite < 0:
            columns[_column_name(relation)] = relation.column.replace("{row}", row)
    if output.subject is not None:
        for column in (output.subject.kind, output.subject.id):
            columns[column._meta.name] = column_sql(column, row)
    for name, value in output.needs.items():
        columns[name] = value.replace("{row}", row)
    return columns


def select_list(columns: Mapping[str, str]) -> str:
    """Return the select list of named expressions."""
    return ", ".join(f"{value} AS {quoted(name)}" for name, value in columns.items())


def _column_name(relation: Relation) -> str:
    return relation.column.rsplit('"', 2)[1]
