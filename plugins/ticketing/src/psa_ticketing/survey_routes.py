"""Answering surveys: with the signed link and nothing else, or as a client in the portal; and what came of it."""

import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec

from psa_sdk import PUBLIC, Answer, AnswerList, Context, get, post
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid, NotFound
from psa_ticketing.api import TICKETS
from psa_ticketing.numbers import show_number
from psa_ticketing.surveys import GONE, SURVEYS, Opinion, SignedSurveyLinks, answer, last_of

REPORT = "ticketing.satisfaction_reports.read"
RATE = "ticketing.tickets.rate"
MOST_DAYS = 1100
GROUPS = {
    "none": ("NULL::uuid", ""),
    "company": ("company", "companies"),
    "assigned_to": ("assigned_to", "users"),
    "queue": ("queue", "ticket-queues"),
}
SATISFACTION = """
SELECT {group} AS key, count(*)::int AS asked, count(rating)::int AS answered,
    count(*) FILTER (WHERE rating >= 4)::int AS satisfied, round(avg(rating), 2) AS average,
    array[count(*) FILTER (WHERE rating = 1), count(*) FILTER (WHERE rating = 2),
        count(*) FILTER (WHERE rating = 3), count(*) FILTER (WHERE rating = 4),
        count(*) FILTER (WHERE rating = 5)]::int[] AS counts
FROM ticketing.survey WHERE created_at >= $1 AND created_at < $2 GROUP BY 1 ORDER BY answered DESC, 1"""


class ShownSurvey(msgspec.Struct, kw_only=True):
    """What whoever answers is shown."""

    ticket_number: str
    title: str
    rating: int | None
    comment: str
    expires_at: datetime.datetime


class SatisfactionQuery(msgspec.Struct, kw_only=True):
    """When the tickets were closed; both dates are included."""

    start_date: datetime.date
    end_date: datetime.date
    group: Literal["none", "company", "assigned_to", "queue"] = "none"


class SatisfactionRow(msgspec.Struct, kw_only=True):
    """What one group's clients said; `counts` are the answers of 1 to 5, satisfied are 4 and 5."""

    group: UUID | None
    label: str
    asked: int
    answered: int
    satisfied_percent: Decimal | None
    average: Decimal | None
    counts: list[int]


@get(
    "/public/surveys/{token:str}",
    permission=PUBLIC,
    audience="both",
    returns=ShownSurvey,
    answer_type="surveys",
)
async def show_public(ctx: Context, token: str) -> Answer:
    """What a survey is about, for whoever has its link."""
    return await show(ctx, SignedSurveyLinks(ctx).survey(token))


class SurveyLink(msgspec.Struct):
    """The token, and the portal's page that takes it."""

    token: str
    path: str


@get(
    "/satisfaction-surveys/{id:uuid}/link",
    permission="ticketing.satisfaction_surveys.read",
    returns=SurveyLink,
    answer_type="survey-links",
)
async def link(ctx: Context, id: UUID) -> Answer:
    """Return the signed link of a survey, to be sent to the client."""
    await ctx.records.get(SURVEYS, id)
    token = SignedSurveyLinks(ctx).token(id)
    return Answer(type="survey-links", id=str(id), attributes=SurveyLink(token, f"/portal/survey/{token}"))


@post(
    "/public/surveys/{token:str}",
    permission=PUBLIC,
    audience="both",
    returns=ShownSurvey,
    answer_type="surveys",
    idempotent=False,
    max_body=1 << 14,
)
async def answer_public(ctx: Context, token: str, body: Opinion) -> Answer:
    """Answer a survey with its link."""
    survey = SignedSurveyLinks(ctx).survey(token)
    await answer(ctx, survey, body, "link")
    return await show(ctx, survey)


@post(
    "/tickets/{id:uuid}/rating",
    permission=RATE,
    audience="portal",
    returns=ShownSurvey,
    answer_type="surveys",
    idempotent=False,
)
async def rate(ctx: Context, id: UUID, body: Opinion) -> Answer:
    """Say how one found the help with a ticket of one's own."""
    return await show(ctx, await rated(ctx, id, body))


async def rated(ctx: Context, ticket_id: UUID, opinion: Opinion) -> UUID:
    """Answer the last survey of a client's own ticket and return it; raises `NotFound` where nobody was asked."""
    asked = await last_of(ctx, ticket_id)
    if asked is None:
        raise NotFound("Nobody was asked about this ticket yet; it is not closed.")
    await answer(ctx, asked["id"], opinion, "portal")
    return asked["id"]


async def show(ctx: Context, survey_id: UUID) -> Answer:
    """Return what a survey is about; raises `NotFound` for one that is over."""
    system = ctx.as_system()
    survey = await system.records.get(SURVEYS, survey_id)
    if survey["expires_at"] < ctx.now:
        raise NotFound(GONE)
    ticket = await system.records.get(TICKETS, survey["ticket"])
    return Answer(
        type="surveys",
        attributes=ShownSurvey(
            ticket_number=show_number(ticket["number"]),
            title=ticket["title"],
            rating=survey["rating"],
            comment=survey["comment"],
            expires_at=survey["expires_at"],
        ),
    )


@get(
    "/ticketing/reports/satisfaction",
    permission=REPORT,
    returns=SatisfactionRow,
    answer_type="satisfaction",
)
async def satisfaction(ctx: Context, query: SatisfactionQuery) -> AnswerList:
    """How satisfied clients were, by company, person or queue."""
    return AnswerList(
        items=[
            Answer(type="satisfaction", id=str(number), attributes=row)
            for number, row in enumerate(await satisfaction_of(ctx, query), 1)
        ]
    )


async def satisfaction_of(ctx: Context, query: SatisfactionQuery) -> list[SatisfactionRow]:
    """Return what each group's clients said, whoever has most answers first. Raises `Invalid`."""
    group, resource = GROUPS[query.group]
    rows = await ctx.db.fetch(SATISFACTION.format(group=group), *midnights(ctx, query))
    keys = [row["key"] for row in rows if row["key"] is not None]
    names = await ctx.service(Documents).names(resource, keys) if resource and keys else {}
    return [_row(row, names.get(row["key"], "")) for row in rows]


def midnights(ctx: Context, query: SatisfactionQuery) -> tuple[datetime.datetime, datetime.datetime]:
    """Return the instants at which a period begins and is over. Raises `Invalid` for one that can't be."""
    days = (query.end_date - query.start_date).days
    if not 0 <= days <= MOST_DAYS:
        raise Invalid(
            f"The period must end after it begins and be at most {MOST_DAYS} days long.",
            code="bad_period",
            parameter="end_date",
        )
    after = query.end_date + datetime.timedelta(days=1)
    first, last = (
        datetime.datetime.combine(one, datetime.time(), ctx.timezone) for one in (query.start_date, after)
    )
    return first, last


def _row(row: Any, label: str) -> SatisfactionRow:
    percent = None
    if row["answered"]:
        share = Decimal(100) * row["satisfied"] / row["answered"]
        percent = share.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return SatisfactionRow(
        group=row["key"],
        label=label,
        asked=row["asked"],
        answered=row["answered"],
        satisfied_percent=percent,
        average=row["average"],
        counts=row["counts"],
    )


ROUTES = (show_public, answer_public, link, rate, satisfaction)
