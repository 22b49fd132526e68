"""Serving: declared pages and actions as routes, with the shell around them and problems told in its words."""

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import UUID

import structlog
from litestar import Response
from litestar.exceptions import HTTPException

from psa_sdk.context import Context
from psa_sdk.errors import Conflict, Invalid, NotFound, Problem
from psa_sdk.ui import Action, Answered, Done, FormPart, Go, NavItem, Page, ShellFrame, Show
from psa_sdk.web import WebRequest, WebRoute
from psa_web import answers
from psa_web.arguments import Wanted, form_of
from psa_web.catalogues import accepted
from psa_web.here import Here, NavEntry, bound
from psa_web.refusals import told
from psa_web.sent import refused
from psa_web.site import Site, of_shell
from psa_web.slots import gathered

log = structlog.get_logger("psa.web")
TOP: Final = "shell.top"
"""The slot in the frame of every page, such as a running timer."""
_COUNTED_FOR: Final = 15.0
_COUNTS_KEPT: Final = 10_000


class Server:
    """Makes routes of one shell's pages."""

    def __init__(self, site: Site, frame: ShellFrame) -> None:
        """Serve the pages of a shell."""
        self.site = site
        self.frame = frame
        self._counts: dict[tuple[UUID, UUID, str], tuple[float, int | None]] = {}

    def page(self, plugin: str, page: Page) -> WebRoute:
        """Return the route of a page."""
        wanted = Wanted(page.load)

        async def handle(ctx: Context, request: WebRequest) -> Response[Any]:
            return await self._opened(self.site.here(ctx, request, self.frame, plugin), page, wanted)

        return self.route(plugin, "GET", page.path, page.permission, handle)

    async def _opened(self, place: Here, page: Page, wanted: Wanted, *, status: int = 200) -> Response[Any]:
        request = place.request
        place.active = page.active or page.path.strip("/").split("/")[0]
        with bound(place):
            data = await page.load(**await wanted.of(place.ctx, request))
        if isinstance(data, Response):
            return data
        if not isinstance(data, Mapping):
            return await self._followed(place, data)
        if answers.is_fragment(request) and page.block:
            return answers.html(self.site.render(place, page.template, data, page.block), request)
        subject = request.path_params.get(page.subject)
        slots = await gathered(place, page.slots, subject if isinstance(subject, UUID) else None)
        whole = {"title": page.title, **data, "slots": slots}
        return await self.whole(place, page.template, whole, status=status)

    def action(self, plugin: str, action: Action) -> WebRoute:
        """Return the route of an action."""
        wanted, page = Wanted(action.handle), self._page_of(action)
        loaded = None if page is None else Wanted(page.load)

        async def done(place: Here) -> Answered:
            with bound(place):
                answered = await action.handle(**await wanted.of(place.ctx, place.request))
                await self._save_parts(place, action)
            return answered or Done()

        async def handle(ctx: Context, request: WebRequest) -> Response[Any]:
            place = self.site.here(ctx, request, self.frame, plugin)
            if page is None or loaded is None or answers.is_action(request.headers):
                return await self._followed(place, await done(place))
            try:
                async with ctx.savepoint():
                    answered = await done(place)
            except (Invalid, Conflict) as problem:
                if not place.can(page.permission):
                    raise
                place.refused = refused(
                    await form_of(request), problem, partial(told, self.site.catalogues, place.language)
                )
                return await self._opened(place, page, loaded, status=problem.status)
            return await self._followed(place, answered)

        return self.route(plugin, "POST", action.path, action.permission, handle, max_body=action.max_body)

    def _page_of(self, action: Action) -> Page | None:
        """Return the page that an action's form is on, if it says so; raises `LookupError` where there is none."""
        if not action.page:
            return None
        for _, page in of_shell(self.site.all("pages", Page), self.frame.name):
            if page.path == action.page:
                return page
        raise LookupError(f"The action {action.path} is on the page {action.page}, which does not exist.")

    async def _save_parts(self, place: Here, action: Action) -> None:
        """Save what other plugins put into the form, for the record that the path's `id` names."""
        record = place.request.path_params.get("id")
        if not action.slot or not isinstance(record, UUID):
            return
        for part in self.site.shown("form_parts", FormPart, place):
            if part.slot == action.slot:
                await part.save(place.ctx, record, await form_of(place.request))

    def route(
        self,
        plugin: str,
        method: Any,
        path: str,
        permission: str,
        handle: Callable[[Context, WebRequest], Awaitable[Response[Any]]],
        **options: Any,
    ) -> WebRoute:
        """Return a route below the shell's prefix, whose problems are shown in the shell."""

        async def guarded(ctx: Context, request: WebRequest) -> Response[Any]:
            try:
                return await handle(ctx, request)
            except (Problem, HTTPException) as error:
                problem = error if isinstance(error, Problem) else NotFound(error.detail)
                if (
                    answers.is_action(request.headers)
                    or answers.is_fragment(request)
                    or problem.status == 401
                ):
                    raise
                return await self.problem_page(ctx, request, problem)

        return WebRoute(
            plugin=plugin,
            method=method,
            path=(self.frame.prefix + path).rstrip("/") or "/",
            permission=permission,
            handle=guarded,
            refuse=self.refuse,
            audience=self.frame.audience,
            **options,
        )

    async def whole(
        self, place: Here, template: str, data: Mapping[str, Any], *, status: int = 200
    ) -> Response[Any]:
        """Return a whole page within the shell."""
        place.nav = await self.navigation(place)
        dress = await self.dress(place.ctx)
        top = (await gathered(place, (TOP,), None))[TOP] if status < 400 else ()
        impersonation = await place.browser.impersonation()
        # Of this thread's processor: what a page costs, whatever else the machine does.
        began = time.thread_time()
        text = self.site.render(
            place,
            template,
            {
                "shell": self.frame.template,
                "dress": dress,
                "top": top,
                "impersonation": impersonation,
                **data,
            },
        )
        spent = (time.thread_time() - began) * 1000
        headers = {
            "Content-Security-Policy": self.site.content_security(),
            "Server-Timing": f"render;dur={spent:.1f}",
        }
        return answers.html(text, place.request, status=status, headers=headers)

    async def gate(
        self,
        ctx: Context,
        request: WebRequest,
        template: str,
        data: Mapping[str, Any],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        dress: Mapping[str, Any] | None = None,
    ) -> Response[Any]:
        """Return a page of those who aren't logged in; `dress` is given where the transaction has ended."""
        place = self.site.here(ctx, request, self.frame)
        worn = await self.dress(place.ctx) if dress is None else dress
        text = self.site.render(place, template, {"dress": worn, **data})
        told = {"Content-Security-Policy": self.site.content_security(), "Cache-Control": "no-store"}
        return answers.html(text, request, status=status, headers={**told, **(headers or {})})

    def forgotten_cookie(self, request: WebRequest) -> dict[str, str]:
        """Return the header by which a browser forgets its session of this shell, if it has one."""
        known = next((name for name in request.cookies if name.endswith(f"psa_{self.frame.audience}")), "")
        secure = "; Secure" if known.startswith("__Host-") else ""
        return {"Set-Cookie": f"{known}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}"} if known else {}

    async def dress(self, ctx: Context) -> Mapping[str, Any]:
        """Return what the frame's own templates need."""
        return await self.frame.dress(ctx) if self.frame.dress is not None else {}

    async def navigation(self, place: Here) -> dict[str, list[NavEntry]]:
        """Return the navigation by group, with its counts of the last seconds."""
        groups: dict[str, list[NavEntry]] = {}
        for item in self.site.navigation(place):
            groups.setdefault(item.group, []).append(NavEntry(item, await self._count(place, item)))
        for entries in groups.values():
            entries.sort(key=lambda entry: entry.item.order)
        order = ("main", "service", "clients", "finance", "admin")
        return {group: groups[group] for group in order if group in groups}

    async def _count(self, place: Here, item: NavItem) -> int | None:
        if item.count is None:
            return None
        key = (place.ctx.tenant_id, place.ctx.principal.id, item.id)
        known = self._counts.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        try:
            async with place.ctx.savepoint():
                found = await item.count(place.ctx)
        except Exception:
            log.exception("a count of the navigation failed", entry=item.id)
            found = None
        if len(self._counts) >= _COUNTS_KEPT:
            self._counts.clear()
        self._counts[key] = (time.monotonic() + _COUNTED_FOR, found)
        return found

    async def problem_page(self, ctx: Context, request: WebRequest, problem: Problem) -> Response[Any]:
        """Return a page of the shell that tells a problem."""
        place = self.site.here(ctx, request, self.frame)
        data = {"title": problem.title, "problem": problem}
        return await self.whole(place, "web/problem.html", data, status=problem.status)

    def refuse(self, problem: Problem, scope: Mapping[str, Any]) -> Response[Any]:
        """Tell a problem outside any unit of work: to the log-in, as JSON, or as a page without a shell."""
        request: WebRequest = WebRequest(scope)  # pyright: ignore[reportArgumentType]
        language = self.site.catalogues.choose(*accepted(request.headers.get("accept-language", "")))
        if answers.is_action(request.headers):
            return answers.refusal(problem, partial(told, self.site.catalogues, language))
        if problem.status == 401 and request.method == "GET":
            return self._to_log_in(request)
        if problem.code == "password_expired" and self.frame.expired and request.method == "GET":
            return answers.redirect(f"{self.frame.prefix}/password")
        if (
            problem.code in {"mfa_required", "mfa_setup_required"}
            and self.frame.gate
            and request.method == "GET"
        ):
            return answers.redirect(f"{self.frame.prefix}/second-step{self._wanted(request)}")
        template = self.site.environment(language).get_template("web/problem_bare.html")
        text = template.render(problem=problem, frame=self.frame, theme="auto")
        headers = {"Content-Security-Policy": self.site.content_security(), **problem.headers}
        return answers.html(text, request, status=problem.status, headers=headers)

    def _to_log_in(self, request: WebRequest) -> Response[Any]:
        # A cookie that is no longer good would be refused at the log-in too.
        headers = self.forgotten_cookie(request)
        if answers.is_fragment(request):
            headers["HX-Redirect"] = f"{self.frame.prefix}/login"
        return answers.redirect(f"{self.frame.prefix}/login{self._wanted(request)}", headers)

    def _wanted(self, request: WebRequest) -> str:
        """Return the query by which a log-in remembers the page that was asked for."""
        path, query = request.scope["path"], request.scope["query_string"].decode("latin-1")
        wanted = quote(f"{path}?{query}" if query else path, safe="/")
        return f"?next={wanted}" if path not in {self.frame.prefix, f"{self.frame.prefix}/"} else ""

    def _back(self, request: WebRequest) -> str:
        """Return the page of this shell that a form without scripts was sent from, else the first one."""
        came = urlsplit(request.headers.get("referer", ""))
        here = came.netloc == request.headers.get("host") and came.path.startswith(f"{self.frame.prefix}/")
        return urlunsplit(("", "", came.path, came.query, "")) if here else f"{self.frame.prefix}/"

    async def _followed(self, place: Here, answered: Answered) -> Response[Any]:
        done = {"toast": told(self.site.catalogues, place.language, answered.toast, place.plugin)}
        if isinstance(answered, Go):
            url = answered.url if answered.away else place.url(answered.url)
            if not answers.is_action(place.request.headers):
                return answers.redirect(url)
            return answers.json({**done, "go": url, "hard": answered.away})
        if isinstance(answered, Show):
            text = self.site.render(place, answered.template, answered.data, answered.block)
            if not answers.is_action(place.request.headers):
                return answers.html(text, place.request)
            return answers.json({**done, "html": text})
        if not answers.is_action(place.request.headers):
            return answers.redirect(self._back(place.request))
        undo = place.url(answered.undo) if answered.undo else ""
        return answers.json({**done, "refresh": list(answered.refresh), "undo": undo})
