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


class _Text:
    """Composes the SQL of a text in one `concat`, which copies each part once, unlike a chain of `||`."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._parts: list[str] = []

    def say(self, text: str) -> None:
        """Add constant text."""
        self._said.append(text)

    def value(self, sql: str) -> None:
        """Add what an expression gives; NULL adds nothing."""
        self._close()
        self._parts.append(sql)

    def _close(self) -> None:
        if self._said:
            self._parts.append(literal("".join(self._said)))
            self._said.clear()

    def sql(self) -> str:
        """Return the expression; a function takes at most 100 arguments."""
        self._close()
        groups = [self._parts[start : start + 90] for start in range(0, len(self._parts), 90)]
        texts = [f"concat({', '.join(group)})" for group in groups]
        return texts[0] if len(texts) == 1 else f"concat({', '.join(texts)})"


def _add_attributes(text: _Text, output: Emitted, row: str, ready: bool) -> None:
    if not output.attributes:
        text.say(f"{{{SPLICE}}}" if output.computed else "{}")
        return
    columns: list[str] = []
    for item in output.attributes:
        name = quoted(item.name)
        value = f"{row}.{name}" if ready and item.derived else item.value.replace("{row}", row)
        columns.append(f"{item.as_json(value)} AS {name}")
    json = f"row_to_json((SELECT psa_a FROM (SELECT {', '.join(columns)}) AS psa_a))"
    if output.computed:
        text.value(f"left({json}::text, -1)")
        text.say(f",{SPLICE}}}")
    else:
        text.value(json)


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
    shape, text = output.shape, _Text()
    text.say(f'{{"type":"{shape.name}","id":"')
    text.value(f"{row}.id")
    text.say('","attributes":')
    _add_attributes(text, output, row, ready)
    separator = ',"relationships":{'
    for relation in output.relations:
        text.say(f'{separator}"{relation.name}":{{"links":{{"self":"{shape.url}/')
        text.value(f"{row}.id")
        text.say(f'/relationships/{relation.name}","related":"{shape.url}/')
        text.value(f"{row}.id")
        text.say(f'/{relation.name}"}}')
        if not relation.many:
            column = relation.column.replace("{row}", row)
            text.say(',"data":')
            text.value(f"coalesce({identifier(relation.target, column)}, 'null')")
        elif linkage and relation.name in linkage:
            text.value(linkage[relation.name])
        text.say("}")
        separator = ","
    if output.subject is not None:
        text.say(f'{separator}"{SUBJECT}":{{"data":{{"type":')
        text.value(f"to_json({column_sql(output.subject.kind, row)})")
        text.say(',"id":"')
        text.value(column_sql(output.subject.id, row))
        text.say('"}}')
    text.say(f'{"}" if output.relations or output.subject else ""},"links":{{"self":"{shape.url}/')
    text.value(f"{row}.id")
    text.say('"}}')
    return text.sql()


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
