"""Filters of SCIM (RFC 7644 3.4.2.2) as SQL: what the library's parser understands, PostgreSQL evaluates.

Values are always bound. What comparisons mean is what `scim2_models.ScimFilter.match` makes of them, which a test
holds against each other; strings are compared without case unless the attribute is case-exact.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from scim2_models import InvalidFilterException, Resource
from scim2_models.path import (
    AttributeBinding,
    AttrPath,
    CompareOperator,
    Comparison,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ScimFilter,
    ValuePath,
    coerce_value,
)

LONGEST: Final = 4000


class Source(msgspec.Struct, frozen=True):
    """Where the attributes of a resource are: columns and lists by their path, the rest in a JSON document.

    `keys` are columns, never null, that hold attributes as they are compared: an index finds what equals a value.
    """

    document: str
    columns: Mapping[str, str] = {}
    lists: Mapping[str, str] = {}
    keys: Mapping[str, str] = {}

    def text(self, attribute: AttributeBinding) -> str:
        """Return the SQL of a single attribute's value: text, or a column of its own type."""
        path = path_of(attribute)
        return self.columns.get(path) or f"({self.inside(attribute)} #>> '{{{path.replace('.', ',')}}}')"

    def inside(self, attribute: AttributeBinding) -> str:
        """Return the SQL of the JSON object that an attribute is in: the document, or its part of an extension."""
        if issubclass(attribute.model, Resource):
            return self.document
        urn = attribute.urn.rpartition(":")[0]
        return f"({self.document} -> '{urn}')"

    def items(self, attribute: AttributeBinding) -> str:
        """Return the SQL of a multi-valued attribute's elements."""
        head = path_of(attribute).partition(".")[0]
        listed = self.lists.get(head) or f"({self.inside(attribute)} -> '{head}')"
        return f"jsonb_array_elements(coalesce({listed}, '[]'::jsonb)) AS item (value)"


def path_of(attribute: AttributeBinding) -> str:
    """Return an attribute's path below its schema, such as `name.familyName`."""
    return attribute.urn.rpartition(":")[2]


class Compiler(FilterVisitor[str]):
    """Makes SQL of one filter; its values are added to `arguments`, numbered from there."""

    def __init__(self, source: Source, wanted: ScimFilter[Any], arguments: list[object]) -> None:
        """Compile for a source."""
        self._source = source
        self._filter = wanted
        self._arguments = arguments
        self._of: AttrPath | None = None

    def sql(self) -> str:
        """Return the condition."""
        if len(self._filter) > LONGEST or "\0" in self._filter or "\\u0000" in self._filter:
            raise InvalidFilterException(
                detail=f"A filter has at most {LONGEST} characters, none of them NUL."
            )
        return self.visit(self._filter.ast)

    def visit_not(self, node: Not) -> str:
        """Negate; nothing here is ever unknown."""
        return f"(NOT {self.visit(node.expr)})"

    def visit_logical_expr(self, node: LogicalExpr) -> str:
        """Join by AND or OR."""
        word = " AND " if node.op == LogicalOperator.and_ else " OR "
        return f"({word.join(self.visit(term) for term in node.terms)})"

    def visit_value_path(self, node: ValuePath) -> str:
        """Ask for an element that fulfils a filter of its own."""
        attribute = self._filter.resolve(node.attr_path, strict=False)
        if attribute is None or self._of is not None:
            return "FALSE"
        self._of = node.attr_path
        try:
            inner = self.visit(node.val_filter)
        finally:
            self._of = None
        return f"EXISTS (SELECT FROM {self._source.items(attribute)} WHERE {inner})"

    def visit_present(self, node: Present) -> str:
        """Ask for a value that isn't empty."""
        attribute = self._filter.resolve(self._whole(node.attr_path), strict=False)
        if attribute is None:
            return "FALSE"
        if self._of is not None:
            return _given(_element(attribute))
        if not attribute.is_multivalued:
            return _given(self._source.text(attribute))
        inner = _given(_element(attribute)) if attribute.sub_field_name else "TRUE"
        return f"EXISTS (SELECT FROM {self._source.items(attribute)} WHERE {inner})"

    def visit_comparison(self, node: Comparison) -> str:
        """Compare an attribute, or any element of a multi-valued one; `ne` wants no element equal."""
        attribute = self._filter.resolve_comparison(self._whole(node.attr_path), strict=False)
        if attribute is None:
            return "FALSE"
        value = coerce_value(attribute, node.value, node.op)
        if self._of is not None:
            return self._compared(attribute, _element(attribute), node.op, value)
        key = self._source.keys.get(path_of(attribute))
        if key and value and node.op == CompareOperator.eq:
            return f"({key} = {self._bound(attribute.comparable(value), 'text')})"
        if not attribute.is_multivalued:
            return self._compared(attribute, self._source.text(attribute), node.op, value)
        items, element = self._source.items(attribute), _element(attribute)
        if node.op == CompareOperator.ne:
            equal = self._compared(attribute, element, CompareOperator.eq, value)
            none = f"NOT EXISTS (SELECT FROM {items} WHERE {equal})"
            return none if value is not None else f"({none} AND EXISTS (SELECT FROM {items}))"
        found = f"EXISTS (SELECT FROM {items} WHERE {self._compared(attribute, element, node.op, value)})"
        if node.op == CompareOperator.eq and value is None:
            return f"({found} OR NOT EXISTS (SELECT FROM {items}))"
        return found

    def _whole(self, path: AttrPath) -> AttrPath:
        """Return the path of an attribute in an element's filter as seen from the resource."""
        return path if self._of is None else AttrPath(self._of.attr, path.attr, self._of.uri)

    def _compared(self, attribute: AttributeBinding, sql: str, operator: CompareOperator, value: Any) -> str:
        if value is None:
            wanted = {CompareOperator.eq: "IS NULL", CompareOperator.ne: "IS NOT NULL"}.get(operator)
            return f"({sql} {wanted})" if wanted else "FALSE"
        if isinstance(value, bool):
            sql, bound = f"({sql})::boolean", self._bound(value, "boolean")
        elif not isinstance(value, str):
            bound = self._bound(value, "timestamptz")
        else:
            value = attribute.comparable(value)
            # Like Python, by code points.
            sql = f'({sql} COLLATE "C")' if attribute.case_exact else f'(lower(normalize({sql})) COLLATE "C")'
            bound = self._bound(value, "text")
        compared = _OPERATIONS[operator].format(sql=sql, bound=bound)
        return f"coalesce({compared}, {operator == CompareOperator.ne})"

    def _bound(self, value: object, kind: str) -> str:
        self._arguments.append(value)
        return f"${len(self._arguments)}::{kind}"


def _element(attribute: AttributeBinding) -> str:
    _, _, inner = path_of(attribute).partition(".")
    return f"(item.value ->> '{inner}')" if inner else "(item.value #>> '{}')"


def _given(sql: str) -> str:
    return f"coalesce(({sql})::text <> '', FALSE)"


_OPERATIONS: Final[Mapping[CompareOperator, str]] = {
    CompareOperator.eq: "{sql} = {bound}",
    CompareOperator.ne: "{sql} <> {bound}",
    CompareOperator.gt: "{sql} > {bound}",
    CompareOperator.ge: "{sql} >= {bound}",
    CompareOperator.lt: "{sql} < {bound}",
    CompareOperator.le: "{sql} <= {bound}",
    CompareOperator.co: "position({bound} IN {sql}) > 0",
    CompareOperator.sw: "starts_with({sql}, {bound})",
    CompareOperator.ew: "right({sql}, length({bound})) = {bound}",
}
