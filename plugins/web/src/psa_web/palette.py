"""Finding: the command palette, the search page, and the pickers of forms."""

from typing import Any, Final

from litestar import Response

from psa_sdk.context import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Problem
from psa_sdk.routes import AUTHENTICATED
from psa_sdk.ui import Command, Hit, SearchProvider
from psa_sdk.web import WebRequest, WebRoute
from psa_web import answers
from psa_web.here import Here
from psa_web.records.lists import label_of, related
from psa_web.records.views import view_of
from psa_web.serving import Server, log

_HITS: Final = 6
_PICKED: Final = 20


def palette_routes(server: Server) -> list[WebRoute]:
    """Return the routes of a shell's palette, search page and pickers."""
    site = server.site

    async def palette(ctx: Context, request: WebRequest) -> Response[Any]:
        place = site.here(ctx, request, server.frame)
        text = request.query_params.get("q", "").strip()
        only = text.startswith(">")
        sought = text.lstrip("># ").lower()
        _ = place.gettext

        def fits(*words: str) -> bool:
            return not sought or all(part in " ".join(words).lower() for part in sought.split())

        commands = [c for c in site.shown("commands", Command, place) if fits(_(c.title), c.keywords)]
        navigation = site.navigation(place)
        places = [n for n in navigation if fits(_(n.label))]
        data = {
            "q": text,
            "hits": await hits(place, sought) if sought and not only else [],
            "commands": commands[: 20 if only else 6],
            "places": [] if only else places[: 8 if not sought else 4],
        }
        return answers.html(site.render(place, "web/palette.html", data), request)

    async def search(ctx: Context, request: WebRequest) -> Response[Any]:
        place = site.here(ctx, request, server.frame)
        text = request.query_params.get("q", "").strip()
        found = await hits(place, text, each=20) if text else []
        kinds: dict[str, list[Hit]] = {}
        for hit in found:
            kinds.setdefault(hit.kind, []).append(hit)
        data = {"q": text, "kinds": kinds, "title": place.gettext("Search")}
        if answers.is_fragment(request):
            return answers.html(site.render(place, "web/search.html", data, "results"), request)
        return await server.whole(place, "web/search.html", data)

    async def pick(ctx: Context, request: WebRequest) -> Response[Any]:
        place = site.here(ctx, request, server.frame)
        documents = ctx.service(Documents)
        facts = documents.describe(request.path_params["resource"])
        query = {"page[size]": str(_PICKED)}
        text = request.query_params.get("q", "").strip()
        if text and facts.searchable:
            query["filter[q]"] = text
        elif text and facts.label in facts.filters:
            query[f"filter[{facts.label}][contains]"] = text
        if facts.name == "users":
            query["filter[audience]"] = "staff"
        found = await documents.find(facts.name, query)
        options = [(str(item.id), label_of(facts, item), _detail(found, item)) for item in found.items]
        data = {"options": options, "people": facts.name == "users"}
        return answers.html(site.render(place, "web/picker.html", data), request)

    everywhere = server.route("web", "GET", "/search", AUTHENTICATED, search)
    if server.frame.audience == "portal":
        return [everywhere]
    return [
        everywhere,
        server.route("web", "GET", "/palette", AUTHENTICATED, palette),
        server.route("web", "GET", "/pick/{resource:str}", AUTHENTICATED, pick),
    ]


async def hits(place: Here, text: str, *, each: int = _HITS) -> list[Hit]:
    """Return what is found: records of all searchable resources, then what plugins find."""
    documents = place.ctx.service(Documents)
    found: list[Hit] = []
    # Clients have no generated pages that a hit could lead to.
    for name in documents.resources() if place.frame.audience == "staff" else ():
        facts = documents.describe(name)
        if not facts.searchable or facts.subject or "get" not in facts.verbs:
            continue
        view = view_of(place.site, facts)
        references = [column.name for column in view.columns if column.shown == "ref"][:1]
        query = {"filter[q]": text, "page[size]": str(each)}
        if references:
            query["include"] = references[0]
        try:
            page = await documents.find(name, query)
        except Problem:
            continue
        for item in page.items:
            owner = related(page, item, references[0]) if references else None
            number = item.attributes.get("ticket_number") or item.attributes.get("number")
            detail = [
                str(number) if number else "",
                label_of(documents.describe(owner.type), owner) if owner else "",
            ]
            found.append(
                Hit(
                    title=label_of(facts, item),
                    url=f"{view.path}/{item.id}",
                    icon=view.icon,
                    detail=" · ".join(part for part in detail if part) or place.gettext(view.singular),
                    kind=view.title,
                )
            )
    for provider in place.site.shown("searches", SearchProvider, place):
        try:
            async with place.ctx.savepoint():
                found += list(await provider.search(place.ctx, text))[:each]
        except Exception:  # noqa: BLE001 - whatever is wrong with one plugin's search
            log.exception("a search failed", provider=provider.id)
    return found


def _detail(found: Any, item: Any) -> str:
    return str(item.attributes.get("email") or item.attributes.get("key") or "")
