"""A small library and a ratings plugin that extends it: every kind of column, relationship and scope."""

import datetime
import decimal
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from psa_kernel.boot import build_registry
from psa_kernel.boot.discovery import Found, builtin_plugins
from psa_kernel.boot.order import ordered
from psa_kernel.database.engine import bind
from psa_kernel.database.schema import create_table
from psa_kernel.registry import Plugin, Registry
from psa_sdk import (
    Computed,
    Derived,
    Extension,
    Manifest,
    ManyToMany,
    Resource,
    Subject,
    ToMany,
    ToOne,
)
from psa_sdk.tables import (
    UUID,
    BigInt,
    Boolean,
    Choice,
    Date,
    Decimal,
    Instant,
    Integer,
    Json,
    Ref,
    Sealed,
    Tags,
    TenantTable,
    Text,
)


class Author(TenantTable, schema="library", tablename="author"):
    first_name = Text()
    last_name = Text()
    born = Date(null=True)
    client = UUID(null=True)
    mentor = Ref("authors", null=True)
    api_secret = Sealed()


class Book(TenantTable, schema="library", tablename="book"):
    title = Text()
    status = Choice("draft", "printed", "lost", default="draft")
    pages = Integer(null=True)
    copies = BigInt(default=0)
    price = Decimal(digits=(10, 2), default=decimal.Decimal(0))
    is_rare = Boolean(default=False)
    published = Date(null=True)
    due_at = Instant(null=True)
    tags = Tags()
    custom_fields = Json(default="{}")
    notes = Text(null=True)
    author = Ref("authors")
    editor = Ref("authors", null=True)
    archived_at = Instant(null=True)


class Shelf(TenantTable, schema="library", tablename="shelf"):
    name = Text()


class Placing(TenantTable, schema="library", tablename="placing"):
    shelf = Ref("shelves", on_delete="cascade")
    book = Ref("books", on_delete="cascade")


class Review(TenantTable, schema="library", tablename="review"):
    subject_type = Text()
    subject_id = UUID()
    body = Text()


class Rating(TenantTable, schema="ratings", tablename="rating"):
    book = Ref("books", on_delete="cascade")
    stars = Integer(null=True)
    critic = Ref("authors", null=True)


class AuthorRead(msgspec.Struct):
    first_name: str
    last_name: str
    born: datetime.date | None
    api_secret: bool
    full_name: str
    created_at: datetime.datetime
    updated_at: datetime.datetime


class AuthorWrite(msgspec.Struct):
    first_name: str
    last_name: str
    born: datetime.date | None = None


class BookRead(msgspec.Struct):
    title: str
    status: str
    pages: int | None
    copies: int
    price: decimal.Decimal
    is_rare: bool
    published: datetime.date | None
    due_at: datetime.datetime | None
    tags: list[str]
    custom_fields: dict[str, Any]
    notes: str | None
    label: str
    total: decimal.Decimal
    created_at: datetime.datetime
    updated_at: datetime.datetime
    archived_at: datetime.datetime | None


class BookWrite(msgspec.Struct):
    title: str
    status: str = "draft"
    pages: int | None = None
    price: decimal.Decimal = decimal.Decimal(0)
    notes: str | None = None


class ShelfRead(msgspec.Struct):
    name: str


class ReviewRead(msgspec.Struct):
    body: str


class RatingRead(msgspec.Struct):
    stars: int | None


def full_name(row: Mapping[str, Any]) -> str:
    return f"{row['first_name']} {row['last_name']}"


authors = Resource(
    name="authors",
    title="Authors",
    table=Author,
    read=AuthorRead,
    write=AuthorWrite,
    computed=(Computed("full_name", (Author.first_name, Author.last_name), full_name),),
    relations=(ToOne("mentor", "authors", Author.mentor, inverse="pupils"), ToMany("reviews", "reviews")),
    filters=(Author.last_name, Author.born),
    sorts=(Author.last_name, Author.born),
    search=(Author.first_name, Author.last_name),
    scopes={"own": lambda who: Author.id == who.id},
    portal=lambda who: Author.client == who.company_id,
    portal_hidden=("api_secret", "mentor"),
)
authors_by_sql = msgspec.structs.replace(
    authors, computed=(), derived=(Derived("full_name", "{row}.first_name || ' ' || {row}.last_name"),)
)
books = Resource(
    name="books",
    title="Books",
    table=Book,
    read=BookRead,
    write=BookWrite,
    derived=(
        Derived("label", "'B-' || lpad({row}.copies::text, 4, '0')"),
        Derived("total", "{row}.price * {row}.copies"),
    ),
    relations=(
        ToOne("author", "authors", Book.author, required=True, inverse="books"),
        ToOne("editor", "authors", Book.editor),
        ToMany("reviews", "reviews", create=True),
        ManyToMany("shelves", "shelves", Placing.book, Placing.shelf, inverse="books"),
    ),
    filters=(
        Book.title,
        Book.status,
        Book.pages,
        Book.copies,
        Book.price,
        Book.is_rare,
        Book.published,
        Book.due_at,
        Book.tags,
        Book.author,
        Book.notes,
        "label",
        "author.last_name",
        "author.mentor.last_name",
    ),
    sorts=(
        Book.title,
        Book.pages,
        Book.copies,
        Book.price,
        Book.published,
        Book.due_at,
        Book.updated_at,
        Book.is_rare,
    ),
    search=(Book.title,),
    custom_fields=True,
    scopes={
        "printed": lambda who: Book.status == "printed",
        "authored": lambda who: Book.author == who.id,
    },
    portal=lambda who: Book.status == "printed",
    portal_hidden=("price", "notes", "editor"),
    archive=Book.archived_at,
)
shelves = Resource(name="shelves", table=Shelf, read=ShelfRead, write=ShelfRead, sorts=(Shelf.name,))
reviews = Resource(
    name="reviews",
    table=Review,
    read=ReviewRead,
    write=ReviewRead,
    subject=Subject(Review.subject_type, Review.subject_id),
    portal=lambda who: Review.body != "internal",
)
stars = Extension(
    resource="books",
    table=Rating,
    column=Rating.book,
    read=RatingRead,
    relations=(ToOne("critic", "authors", Rating.critic, inverse="criticised"),),
    filters=(Rating.stars, Rating.critic),
    sorts=(Rating.stars,),
)

LIBRARY = Manifest(
    name="library",
    title="Library",
    tables=(Author, Book, Shelf, Placing, Review),
    resources=(authors, books, shelves, reviews),
)
LIBRARY_BY_SQL = msgspec.structs.replace(LIBRARY, resources=(authors_by_sql, books, shelves, reviews))
RATINGS = Manifest(
    name="ratings", title="Ratings", requires=("library",), tables=(Rating,), extensions=(stars,)
)


def registry_of(root: Path, *manifests: Manifest, builtins: bool = False) -> Registry:
    """Build a registry whose plugins have one migration each, written from their tables."""
    found = Found()
    if builtins:
        builtin_plugins(found)
    plugins: dict[str, Plugin] = dict(found.plugins)
    for manifest in manifests:
        folder = root / manifest.name / "migrations"
        folder.mkdir(parents=True, exist_ok=True)
        sql = ";\n".join(create_table(table) for table in manifest.tables) + ";\n"
        (folder / "0001_tables.sql").write_text(sql)
        module = ModuleType(f"test_{manifest.name}")
        module.__file__ = str(root / manifest.name / "__init__.py")
        plugins[manifest.name] = Plugin(
            name=manifest.name, manifest=manifest, module=module, distribution="", version="0"
        )
    problems: list[str] = []
    registry = build_registry(ordered(plugins, problems), problems=problems)
    bind([table for _, table in registry.tables], registry.table_resource)
    return registry


def numbered(number: int) -> uuid.UUID:
    """Return a fixed id, in ascending order of its number."""
    return uuid.UUID(f"01900000-0000-7000-8000-{number:012x}")
