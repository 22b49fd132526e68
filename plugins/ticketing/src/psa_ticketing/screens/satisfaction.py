"""How clients found the help: the page of a survey's link, the stars on a client's request, the report of staff."""

import datetime
from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

import msgspec

from psa_sdk import PUBLIC, Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid, NotFound
from psa_sdk.ui import Action, Done, NavItem, Page, Panel, Shell, Show, Widget
from psa_ticketing import survey_routes, surveys
from psa_ticketing.api import TICKETS

PORTAL: Shell = "portal"
SURVEY = "/survey/{token:str}"
STARS = {"1", "2", "3", "4", "5"}
DAYS = 90
GROUPS = (("assigned_to", "Assigned to"), ("company", "Company"), ("queue", "Queue"))


class Said(msgspec.Struct, kw_only=True):
    """What a client chose and wrote."""

    rating: str = ""
    comment: str = ""


class Chosen(msgspec.Struct, kw_only=True):
    """The stars that the mail's link came with; they are filled in, and sent by the client."""

    rating: str = ""


class ReportQuery(msgspec.Struct, kw_only=True):
    """What the report shows; the last ninety days unless said."""

    start: datetime.date | None = None
    end: datetime.date | None = None
    group: Literal["assigned_to", "company", "queue"] = "assigned_to"


async def survey(ctx: Context, token: str, query: Chosen) -> Mapping[str, Any]:
    """Load the page of a survey; a link that is over shows so."""
    try:
        shown = (await survey_routes.show(ctx, surveys.SignedSurveyLinks(ctx).survey(token))).attributes
    except NotFound:
        return {"survey": None, "token": token, "chosen": None}
    chosen = int(query.rating) if query.rating in STARS else shown.rating
    return {"survey": shown, "token": token, "chosen": chosen}


async def say(ctx: Context, token: str, form: Said) -> Show:
    """Keep what a client said."""
    await surveys.answer(ctx, surveys.SignedSurveyLinks(ctx).survey(token), _opinion(form), "link")
    return Show(template="ticketing/survey_thanks.html", data={})


def _opinion(form: Said) -> surveys.Opinion:
    if form.rating not in STARS:
        raise Invalid("Choose from one to five stars.", pointer="/rating")
    if len(form.comment) > 2000:
        raise Invalid("Write up to 2,000 characters.", pointer="/comment")
    return surveys.Opinion(rating=int(form.rating), comment=form.comment)


async def on_request(ctx: Context, ticket: UUID | None) -> Mapping[str, Any] | None:
    """Load the stars of a client's request, while its last survey can be answered."""
    assert ticket is not None
    asked = await surveys.last_of(ctx, ticket)
    if asked is None or asked["expires_at"] < ctx.now:
        return None
    is_final = asked["changes"] >= surveys.MOST_CHANGES
    return {"survey": asked, "chosen": asked["rating"], "ticket": ticket, "is_final": is_final}


async def rate(ctx: Context, id: UUID, form: Said) -> Done:
    """Keep what a client says on the page of their request."""
    await survey_routes.rated(ctx, id, _opinion(form))
    return Done(toast="Thank you!", refresh=(f"{TICKETS}:{id}",))


async def report(ctx: Context, query: ReportQuery) -> Mapping[str, Any]:
    """Load the report: the whole, its groups, and what clients wrote."""
    end = query.end or ctx.today
    start = query.start or end - datetime.timedelta(days=DAYS)
    asked = survey_routes.SatisfactionQuery(start_date=start, end_date=end, group=query.group)
    whole = survey_routes.SatisfactionQuery(start_date=start, end_date=end)
    first, last = survey_routes.midnights(ctx, asked)
    found = await ctx.service(Documents).find(
        SURVEYS,
        {
            "filter[rating][gte]": "1",
            "filter[created_at][gte]": first.isoformat(),
            "filter[created_at][lt]": last.isoformat(),
            "sort": "-rated_at",
            "include": "ticket,company,contact,assigned_to",
            "page[size]": "25",
        },
    )
    return {
        "start": start,
        "end": end,
        "group": query.group,
        "groups": GROUPS,
        "whole": next(iter(await survey_routes.satisfaction_of(ctx, whole)), None),
        "rows": await survey_routes.satisfaction_of(ctx, asked),
        "found": found,
    }


async def lately(ctx: Context, _: UUID | None) -> Mapping[str, Any] | None:
    """Reckon the satisfaction of the last ninety days."""
    query = survey_routes.SatisfactionQuery(
        start_date=ctx.today - datetime.timedelta(days=DAYS), end_date=ctx.today
    )
    whole = next(iter(await survey_routes.satisfaction_of(ctx, query)), None)
    return {"whole": whole} if whole is not None and whole.answered else None


SURVEYS = surveys.SURVEYS
NAV = (
    NavItem(
        id="ticketing.satisfaction",
        label="Satisfaction",
        url="/satisfaction",
        permission=survey_routes.REPORT,
        icon="smile",
        group="service",
        order=85,
    ),
)
PAGES = (
    Page(
        path=SURVEY,
        template="ticketing/survey.html",
        permission=PUBLIC,
        load=survey,
        title="How did we do?",
        shell=PORTAL,
    ),
    Page(
        path="/satisfaction",
        template="ticketing/satisfaction.html",
        permission=survey_routes.REPORT,
        load=report,
        title="Satisfaction",
        active="ticketing.satisfaction",
        block="main",
    ),
)
ACTIONS = (
    Action(path=SURVEY, permission=PUBLIC, handle=say, shell=PORTAL, max_body=1 << 14),
    Action(path="/tickets/{id:uuid}/rating", permission=survey_routes.RATE, handle=rate, shell=PORTAL),
)
PANELS = (
    Panel(
        slot="request.rating",
        id="ticketing.rating",
        title="How did we do?",
        template="ticketing/panels/rating.html",
        load=on_request,
        permission=survey_routes.RATE,
        shell=PORTAL,
    ),
)
WIDGETS = (
    Widget(
        id="ticketing.satisfaction",
        title="Satisfaction, 90 days",
        template="ticketing/panels/satisfaction.html",
        load=lately,
        permission=survey_routes.REPORT,
        icon="smile",
        order=70,
    ),
)
