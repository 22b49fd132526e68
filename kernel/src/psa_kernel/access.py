"""The grant engine: what a set of grants allows, and whether one set exceeds another. Pure.

A grant is a permission (`ticketing.tickets.read`), a pattern ending in `*` (`ticketing.*`), either with an
object scope (`ticketing.tickets.update@own`), or a denial (`!ticketing.tickets.delete`). Deny beats allow,
whichever role says it. See `psa_sdk.access`.
"""

import re
from collections.abc import Iterable

import msgspec

_GRANT = re.compile(
    r"(?P<deny>!?)(?P<pattern>\*|[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*(?:\.\*)?)(?:@(?P<scope>[a-z][a-z0-9_]*))?"
)


class Grant(msgspec.Struct, frozen=True):
    """One parsed grant; an empty `scope` means every row."""

    pattern: str
    scope: str = ""
    deny: bool = False


def parse(text: str) -> Grant:
    """Parse a grant; raises `ValueError` with a sentence for people.

    Example:
        >>> parse("ticketing.tickets.update@own")
        Grant(pattern='ticketing.tickets.update', scope='own', deny=False)
    """
    match = _GRANT.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text!r} is no grant; write a permission or a pattern such as ticketing.tickets.*, "
            "optionally with @scope behind it, or with ! before it to deny."
        )
    if match["deny"] and match["scope"]:
        raise ValueError(f"{text!r} denies within a scope; a denial holds for every row, so leave out @.")
    return Grant(match["pattern"], match["scope"] or "", bool(match["deny"]))


def covers(pattern: str, other: str) -> bool:
    """Tell whether a pattern matches everything that another pattern or permission matches.

    Example:
        >>> covers("ticketing.*", "ticketing.tickets.*"), covers("ticketing.tickets.read", "ticketing.*")
        (True, False)
    """
    return pattern in {"*", other} or (pattern.endswith(".*") and other.startswith(pattern[:-1]))


def _patterns(permission: str) -> Iterable[str]:
    """Yield every pattern that matches a permission, narrowest first."""
    yield permission
    cut = permission.rfind(".")
    while cut != -1:
        yield permission[:cut] + ".*"
        cut = permission.rfind(".", 0, cut)
    yield "*"


Scopes = tuple[str, ...] | None
"""None: every row. Otherwise the rows in any of the named scopes; the empty tuple: none at all."""


class Grants:
    """A set of grants, indexed so that a question costs a few dictionary look-ups.

    Example:
        >>> held = Grants(["ticketing.*", "!ticketing.tickets.delete", "time.entries.read@own"])
        >>> held.scopes_of("ticketing.tickets.read"), held.scopes_of("ticketing.tickets.delete")
        (None, ())
        >>> held.scopes_of("time.entries.read")
        ('own',)
    """

    __slots__ = ("_allowed", "_denied", "texts")

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self.texts = frozenset(texts)
        self._allowed: dict[str, set[str]] = {}
        self._denied: set[str] = set()
        for grant in map(parse, self.texts):
            if grant.deny:
                self._denied.add(grant.pattern)
            else:
                self._allowed.setdefault(grant.pattern, set()).add(grant.scope)

    def scopes_of(self, permission: str) -> Scopes:
        """Return the object scopes in which a permission is held; `()` means not at all."""
        found: set[str] = set()
        for pattern in _patterns(permission):
            if pattern in self._denied:
                return ()
            found |= self._allowed.get(pattern, set())
        return None if "" in found else tuple(sorted(found))

    def allows(self, permission: str) -> bool:
        """Tell whether a permission is held, in any object scope."""
        return self.scopes_of(permission) != ()

    def within(self, holder: "Grants") -> bool:
        """Tell whether these grants give nothing that the holder lacks.

        Judged by the patterns, not by today's permissions, so that a plugin installed tomorrow can't
        widen it: every allow lies inside one of the holder's, and every denial of the holder that
        touches it is repeated here.
        """
        return not self.exceeding(holder)

    def exceeding(self, holder: "Grants") -> list[str]:
        """Return the grants that go beyond the holder's, sorted."""
        beyond: list[str] = []
        for pattern, scopes in self._allowed.items():
            unrepeated = any(
                (covers(denied, pattern) or covers(pattern, denied))
                and not any(covers(own, denied) for own in self._denied)
                for denied in holder._denied
            )
            for scope in scopes:
                held = any(
                    covers(wide, pattern) and ("" in wide_scopes or scope in wide_scopes)
                    for wide, wide_scopes in holder._allowed.items()
                )
                if unrepeated or not held:
                    beyond.append(f"{pattern}@{scope}" if scope else pattern)
        return sorted(beyond)


def intersect(first: Scopes, second: Scopes) -> Scopes:
    """Return the scopes that both sides give; differing names have nothing in common (fail closed).

    Example:
        >>> intersect(None, ("own",)), intersect(("own", "team"), ("own",)), intersect(("own",), ("team",))
        (('own',), ('own',), ())
    """
    if first is None:
        return second
    if second is None:
        return first
    return tuple(scope for scope in first if scope in second)
