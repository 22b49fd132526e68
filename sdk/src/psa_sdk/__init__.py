"""What a plugin author imports: declarations, protocols, errors and value types."""

from psa_sdk.access import STANDARD_ROLES, Audience, Permission, Scope, Who
from psa_sdk.actors import Actor, Schedule, actor, every
from psa_sdk.context import Context, Database, Platform, Principal, Records
from psa_sdk.events import Event, Interceptor, RecordEvent, Subscriber, before, changes, on
from psa_sdk.files import Files, FileScanner, FileStore, StoredFile
from psa_sdk.hooks import hookimpl, hookspec
from psa_sdk.manifest import Manifest
from psa_sdk.resources import (
    Change,
    Computed,
    Derived,
    Extension,
    ManyToMany,
    Question,
    Resource,
    Subject,
    ToMany,
    ToOne,
)
from psa_sdk.routes import (
    AUTHENTICATED,
    PUBLIC,
    Answer,
    AnswerList,
    Record,
    Route,
    delete,
    get,
    patch,
    post,
    put,
)
from psa_sdk.services import Service, provide
from psa_sdk.settings import Secret, Settings, UserChoice
from psa_sdk.values import Address, Money

__all__ = [
    "AUTHENTICATED",
    "PUBLIC",
    "STANDARD_ROLES",
    "Actor",
    "Address",
    "Answer",
    "AnswerList",
    "Audience",
    "Change",
    "Computed",
    "Context",
    "Database",
    "Derived",
    "Event",
    "Extension",
    "FileScanner",
    "FileStore",
    "Files",
    "Interceptor",
    "Manifest",
    "ManyToMany",
    "Money",
    "Permission",
    "Platform",
    "Principal",
    "Question",
    "Record",
    "RecordEvent",
    "Records",
    "Resource",
    "Route",
    "Schedule",
    "Scope",
    "Secret",
    "Service",
    "Settings",
    "StoredFile",
    "Subject",
    "Subscriber",
    "ToMany",
    "ToOne",
    "UserChoice",
    "Who",
    "actor",
    "before",
    "changes",
    "delete",
    "every",
    "get",
    "hookimpl",
    "hookspec",
    "on",
    "patch",
    "post",
    "provide",
    "put",
]
