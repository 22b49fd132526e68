"""Rules, their log and people's skills as the API shows them."""

from psa_automation import assignee_rules, rule_rules, shapes
from psa_automation.tables import Assignee, Rule, Run
from psa_sdk import Resource, ToOne

rules = Resource(
    name="automation-rules",
    path="/ticket-automation-rules",
    title="Automation rules",
    description="What to do with which records, and when; rules run by (priority, id).",
    table=Rule,
    read=shapes.RuleRead,
    write=shapes.RuleWrite,
    filters=(Rule.name, Rule.resource, Rule.trigger_type, Rule.is_active, Rule.priority),
    sorts=(Rule.priority, Rule.name, Rule.created_at),
    default_sort="priority",
    search=(Rule.name, Rule.description),
    label=Rule.name,
    before_create=rule_rules.write_rule,
    before_update=rule_rules.write_rule,
    after_write=rule_rules.after_rule,
)

runs = Resource(
    name="automation-runs",
    title="Runs of rules",
    description="What rules did, and why they didn't.",
    table=Run,
    read=shapes.RunRead,
    verbs=frozenset(("list", "get")),
    relations=(ToOne("rule", "automation-rules", Run.rule, inverse="runs"),),
    filters=(Run.rule, Run.subject_id, Run.outcome, Run.trigger, Run.created_at),
    sorts=(Run.created_at,),
)

assignees = Resource(
    name="assignees",
    title="Skills and hours",
    description="What automatic assignment knows of people.",
    table=Assignee,
    read=shapes.AssigneeRead,
    write=shapes.AssigneeWrite,
    relations=(ToOne("user", "users", Assignee.account, required=True),),
    filters=(Assignee.account, Assignee.skills, Assignee.tier, Assignee.takes_work),
    sorts=(Assignee.tier, Assignee.created_at),
    before_create=assignee_rules.write_assignee,
    before_update=assignee_rules.write_assignee,
)

ALL = (rules, runs, assignees)
