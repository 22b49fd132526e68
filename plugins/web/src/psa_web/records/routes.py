"""The routes of generated pages: list, peek, page, form, save, delete, for every resource that has no own ones."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response

from psa_sdk.context import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import BadRequest, Problem
from psa_sdk.resources import Resource, ToMany
from psa_sdk.ui import BulkAction, Page
from psa_sdk.web import WebRequest, WebRoute
from psa_web import answers
from psa_web.arguments import form_of
from psa_web.here import Here
from psa_web.records.forms import form_data, save
from psa_web.records.inline import field_data, set_field
from psa_web.records.lists import Asked, label_of, list_data
from psa_web.records.pages import page_data
from psa_web.records.saved import SAVED_VIEWS, save_view
from psa_web.records.views import view_of
from psa_web.serving import Server

_MOST_CHOSEN = 200


def record_routes(server: Server) -> list[WebRoute]:
    """Return the routes of all resources; a path that a plugin's own page has stays that page's."""
    installation = server.site.installation
    taken = {page.path for _, page in server.site.all("pages", Page) if page.shell == server.frame.name}
    routes: list[WebRoute] = []
    for name, resource in installation.resources.items():
        view = server.site.views.get(name)
        if view is None or view.generated:
            routes += _Pages(server, installation.resource_owner[name], resource).routes(taken)
    return routes


class _Pages:
    """One resource's pages."""

    def __init__(self, server: Server, owner: str, resource: Resource) -> None:
        self.server = server
        self.owner = owner
        self.resource = resource
        self.name = resource.name
        self.read = f"{owner}.{resource.name.replace('-', '_')}.read"

    def routes(self, taken: set[str]) -> list[WebRoute]:
        url, verbs = self.resource.url, self.resource.verbs
        one = f"{url}/{{id:uuid}}"
        found: list[tuple[bool, Any, str, Any]] = [
            ("list" in verbs, "GET", url, self.listed),
            ("list" in verbs, "POST", f"{url}/bulk/{{verb:str}}", self.chosen),
            ("list" in verbs, "POST", f"{url}/views", self.view_saved),
            ("list" in verbs, "POST", f"{url}/views/{{id:uuid}}/delete", self.view_deleted),
            ("get" in verbs, "GET", one, self.shown),
            ("get" in verbs, "GET", f"{one}/peek", self.peeked),
            ("create" in verbs and self.resource.write is not None, "GET", f"{url}/new", self.blank),
            ("create" in verbs and self.resource.write is not None, "POST", f"{url}/new", self.created),
            ("update" in verbs and self.resource.write is not None, "GET", f"{one}/edit", self.filled),
            ("update" in verbs and self.resource.write is not None, "POST", f"{one}/edit", self.updated),
            (
                "update" in verbs and self.resource.write is not None,
                "GET",
                f"{one}/field/{{field:str}}",
                self.asked,
            ),
            (
                "update" in verbs and self.resource.write is not None,
                "POST",
                f"{one}/field/{{field:str}}",
                self.set,
            ),
            ("delete" in verbs, "POST", f"{one}/delete", self.deleted),
        ]
        return [
            self.server.route(self.owner, method, path, self.read, handle)
            for there, method, path, handle in found
            if there and (path not in taken or method == "POST")
        ]

    def _here(self, ctx: Context, request: WebRequest) -> Here:
        place = self.server.site.here(ctx, request, self.server.frame, self.owner)
        place.active = self.name
        return place

    async def listed(self, ctx: Context, request: WebRequest) -> Response[Any]:
        place = self._here(ctx, request)
        data = await list_data(place, self.name, Asked(request.query_params.dict()))
        if answers.is_fragment(request):
            template = data["view"].list_template
            template = template if self.server.site.has_block(place, template, "results") else "web/list.html"
            return answers.html(self.server.site.render(place, template, data, "results"), request)
        return await self.server.whole(place, data["view"].list_template, data)

    async def shown(self, ctx: Context, request: WebRequest) -> Response[Any]:
        place = self._here(ctx, request)
        data = await page_data(
            place, self.name, request.path_params["id"], request.query_params.get("tab", "")
        )
        return await self.server.whole(place, data["view"].record_template, data)

    async def peeked(self, ctx: Context, request: WebRequest) -> Response[Any]:
        place = self._here(ctx, request)
        data = await page_data(place, self.name, request.path_params["id"], "")
        return answers.html(self.server.site.render(place, "web/peek.html", data), request)

    async def blank(self, ctx: Context, request: WebRequest) -> Response[Any]:
        place = self._here(ctx, request)
        given = {name: values[-1] for name, values in request.query_params.dict().items()}
        data = await form_data(place, self.name, None, given, self._parent(given))
        return await self.server.whole(place, "web/form.html", data)

    async def filled(self, ctx: Context, request: WebRequest) -> Response[Any]:
        place = self._here(ctx, request)
        data = await form_data(place, self.name, request.path_params["id"], {}, None)
        return await self.server.whole(place, "web/form.html", data)

    async def created(self, ctx: Context, request: WebRequest) -> Response[Any]:
        form = await form_of(request)
        place = self._here(ctx, request)
        given = {name: str(values[-1]) for name, values in form.items() if name.startswith("parent")}
        parent = self._parent(given)
        made = await save(place, self.name, None, form, parent)
        view = view_of(place.site, ctx.service(Documents).describe(self.name))
        toast = place.gettext("%(thing)s created") % {"thing": place.gettext(view.singular)}
        back = f"{self._path(parent[0])}/{parent[1]}?tab={parent[2]}" if parent else f"{view.path}/{made}"
        return answers.json({"go": place.url(back), "toast": toast})

    async def updated(self, ctx: Context, request: WebRequest) -> Response[Any]:
        place, record = self._here(ctx, request), request.path_params["id"]
        await save(place, self.name, record, await form_of(request))
        return answers.json(
            {"go": place.url(f"{self.resource.url}/{record}"), "toast": place.gettext("Saved")}
        )

    async def asked(self, ctx: Context, request: WebRequest) -> Response[Any]:
        place, path = self._here(ctx, request), request.path_params
        data = await field_data(place, self.name, path["id"], path["field"])
        return answers.html(self.server.site.render(place, "web/inline.html", data), request)

    async def set(self, ctx: Context, request: WebRequest) -> Response[Any]:
        place, record = self._here(ctx, request), request.path_params["id"]
        await set_field(place, self.name, record, request.path_params["field"], await form_of(request))
        changed = [self.name, f"{self.name}:{record}"]
        return answers.json({"toast": place.gettext("Saved"), "refresh": changed})

    async def deleted(self, ctx: Context, request: WebRequest) -> Response[Any]:
        place, record = self._here(ctx, request), request.path_params["id"]
        documents = ctx.service(Documents)
        facts = documents.describe(self.name)
        found = await documents.one(self.name, record)
        label = label_of(facts, found.items[0])
        await documents.delete(self.name, record)
        words = (
            place.gettext("%(thing)s archived") if facts.archivable else place.gettext("%(thing)s deleted")
        )
        return answers.json({"go": place.url(self.resource.url), "toast": words % {"thing": label}})

    async def chosen(self, ctx: Context, request: WebRequest) -> Response[Any]:
        place = self._here(ctx, request)
        form = await form_of(request)
        ids = _ids(form)
        wanted = request.path_params["verb"]
        if wanted == "delete":
            return await self._delete_all(place, ids)
        for verb in place.site.shown("bulk", BulkAction, place):
            if verb.resource == self.name and verb.id == wanted:
                return await self.server._followed(place, await verb.handle(ctx, ids))
        raise BadRequest(f"There is no action {wanted} for {self.name}.")

    async def _delete_all(self, place: Here, ids: list[UUID]) -> Response[Any]:
        documents = place.ctx.service(Documents)
        done, kept = 0, ""
        for record in ids:
            try:
                async with place.ctx.savepoint():
                    await documents.delete(self.name, record)
                done += 1
            except Problem as problem:
                kept = str(problem)
        archived = documents.describe(self.name).archivable
        words = place.gettext("%d archived") if archived else place.gettext("%d deleted")
        toast = " ".join(part for part in (words % done, kept) if part)
        return answers.json({"toast": toast, "refresh": [self.name]})

    async def view_saved(self, ctx: Context, request: WebRequest) -> Response[Any]:
        place, form = self._here(ctx, request), await form_of(request)
        name, query, audience = (str(form.get(one, [""])[-1]) for one in ("name", "query", "audience"))
        await save_view(ctx, self.name, name, query, audience)
        words = place.gettext("View saved")
        return answers.json({"go": place.url(f"{self.resource.url}?{query.lstrip('?')}"), "toast": words})

    async def view_deleted(self, ctx: Context, request: WebRequest) -> Response[Any]:
        place = self._here(ctx, request)
        await ctx.service(Documents).delete(SAVED_VIEWS, request.path_params["id"])
        return answers.json({"go": place.url(self.resource.url), "toast": place.gettext("View deleted")})

    def _parent(self, given: Mapping[str, str]) -> tuple[str, UUID, str] | None:
        """Return the record that a new one will belong to: `parent=companies&parent_id=…&parent_as=domains`."""
        name, relation = given.get("parent", ""), given.get("parent_as", "")
        resources = self.server.site.installation.resources
        if name not in resources or not relation:
            return None
        creates = any(
            isinstance(one, ToMany) and one.create and one.name == relation and one.target == self.name
            for one in resources[name].relations
        )
        try:
            return (name, UUID(given.get("parent_id", "")), relation) if creates else None
        except ValueError:
            return None

    def _path(self, resource: str) -> str:
        return self.server.site.installation.resources[resource].url


def _ids(form: Mapping[str, list[Any]]) -> list[UUID]:
    try:
        ids = [UUID(str(value)) for value in form.get("ids", [])]
    except ValueError:
        raise BadRequest("These are no ids.") from None
    if not 0 < len(ids) <= _MOST_CHOSEN:
        raise BadRequest(f"Choose between 1 and {_MOST_CHOSEN} rows.")
    return ids
