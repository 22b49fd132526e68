"""Relations between plugins: those to absent resources are left out, the rest gain their inverse."""

from collections.abc import Iterator, Mapping

import msgspec

from psa_kernel.registry import Inverse
from psa_sdk.resources import Extension, ManyToMany, Resource, ToMany, ToOne


def present_relations(
    resource: Resource, declared: Mapping[str, Resource], extensions: Mapping[str, tuple[Extension, ...]]
) -> Resource:
    """Return the resource without relationships to absent resources, and without filters through them."""
    kept = tuple(relation for relation in resource.relations if _present(relation, declared, extensions))
    if len(kept) == len(resource.relations):
        return resource
    gone = {relation.name for relation in resource.relations} - {relation.name for relation in kept}
    filters = tuple(
        item
        for item in resource.filters
        if not (isinstance(item, str) and "." in item and item.split(".")[0] in gone)
    )
    return msgspec.structs.replace(resource, relations=kept, filters=filters)


def _present(
    relation: ToOne | ToMany | ManyToMany,
    declared: Mapping[str, Resource],
    extensions: Mapping[str, tuple[Extension, ...]],
) -> bool:
    target = declared.get(relation.target)
    if target is None:
        return False
    if isinstance(relation, ToMany) and relation.column is not None:
        holders = [target.table, *(extension.table for extension in extensions.get(relation.target, ()))]
        return relation.column._meta.table in holders
    return True


def inverses(
    resources: Mapping[str, Resource], extensions: Mapping[str, tuple[Extension, ...]]
) -> Iterator[tuple[str, Inverse]]:
    """Yield (target resource, inverse) of every relationship that names one."""
    for name, resource in resources.items():
        for relation in resource.relations:
            if isinstance(relation, ToOne | ManyToMany) and relation.inverse:
                yield relation.target, Inverse(relation.inverse, name, relation)
        for extension in extensions.get(name, ()):
            for relation in extension.relations:
                if relation.inverse and relation.target in resources:
                    yield relation.target, Inverse(relation.inverse, name, relation)
