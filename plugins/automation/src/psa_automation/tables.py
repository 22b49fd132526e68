"""What automation stores: rules, what they did, instants they wait for, whom they assign to."""

from psa_sdk.tables import (
    UUID,
    Boolean,
    Choice,
    Date,
    Index,
    Instant,
    Integer,
    Json,
    Ref,
    Tags,
    TenantTable,
    Text,
)

OUTCOMES = ("done", "failed", "loop", "too_deep")


class Rule(TenantTable, schema="automation", tablename="rule"):
    """What to do with which records, and when. Rules run by (priority, id)."""

    name = Text()
    description = Text(default="")
    resource = Text(help_text="The JSON:API type that the rule is about")
    trigger_type = Text()
    trigger_options = Json(default={})
    conditions = Json(default={})
    actions = Json(default=[])
    priority = Integer(default=100)
    is_active = Boolean(default=True)
    stops = Boolean(default=False, help_text="No further rule runs after this one")
    consecutive_failures = Integer(default=0)
    disabled_reason = Text(default="")
    next_run_at = Instant(null=True, help_text="When a scheduled rule runs next")

    index_on = (
        Index(("resource", "priority", "id"), where="is_active"),
        Index(("lower(name)",), unique=True),
        Index(("next_run_at",), where="next_run_at IS NOT NULL AND is_active"),
    )


class Run(TenantTable, schema="automation", tablename="run"):
    """What a rule did with a record. A rule runs once for each record and cycle."""

    rule = Ref("automation-rules", on_delete="cascade")
    subject_kind = Text()
    subject_id = UUID()
    trigger = Text()
    cycle = Text(help_text="The event, instant or slot that the rule ran for")
    level = Integer(default=0, help_text="Of an escalation, in percent")
    outcome = Choice(*OUTCOMES, default="done")
    detail = Json(default=[])
    error = Text(default="")
    milliseconds = Integer(default=0)

    index_on = (
        Index(("rule", "subject_id", "cycle"), unique=True),
        Index(("subject_id", "created_at")),
        Index(("rule", "created_at")),
        Index(("created_at",)),
    )


class Timer(TenantTable, schema="automation", tablename="timer"):
    """An instant at which a time-based rule looks at a record."""

    rule = Ref("automation-rules", on_delete="cascade")
    subject_id = UUID()
    cycle = Text()
    due_at = Instant()
    fired_at = Instant(null=True)

    index_on = (
        Index(("rule", "subject_id"), unique=True),
        Index(("subject_id",)),
        Index(("due_at",), where="fired_at IS NULL"),
    )
    exported = False


class Assignee(TenantTable, schema="automation", tablename="assignee"):
    """What automatic assignment knows of a person: skills, hours, absences, the most open work."""

    account = Ref("users", on_delete="cascade")
    skills = Tags()
    tier = Integer(default=1)
    works_from = Text(null=True, help_text="HH:MM in the person's zone")
    works_until = Text(null=True, help_text="HH:MM in the person's zone; earlier than the start is overnight")
    works_on = Tags(help_text="monday … sunday; empty: the tenant's business days")
    away_from = Date(null=True)
    away_until = Date(null=True)
    most_open = Integer(null=True, help_text="With more open work than this nothing is assigned")
    takes_work = Boolean(default=True)

    index_on = (Index(("account",), unique=True),)
    checks = ("away_until IS NULL OR away_from <= away_until", "most_open >= 0", "tier BETWEEN 1 AND 9")


class Turn(TenantTable, schema="automation", tablename="turn"):
    """When somebody of a team last got something: the round robin's pointer and the tie-break of the least loaded."""

    team = Ref("groups", on_delete="cascade")
    account = Ref("users", on_delete="cascade")
    last_at = Instant()
    place = Integer(default=0, help_text="Counts up with each assignment of the team")

    index_on = (Index(("team", "account"), unique=True),)
    exported = False


class Vacancy(TenantTable, schema="automation", tablename="vacancy"):
    """A team in which nobody was there to take work; told once, until somebody is."""

    team = Ref("groups", on_delete="cascade")
    since = Instant()

    index_on = (Index(("team",), unique=True),)
    exported = False


ALL = (Rule, Run, Timer, Assignee, Turn, Vacancy)
