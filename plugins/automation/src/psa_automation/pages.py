"""Rules in the console: the list with its order, the editor with its preview, the log."""

from collections.abc import Mapping

from psa_automation.screens import editor, rule_list
from psa_sdk.ui import Action, Command, NavItem, Page, ResourceView, SettingsSection, Tone, Ui

READ, CREATE = "automation.automation_rules.read", "automation.automation_rules.create"
UPDATE, DELETE = "automation.automation_rules.update", "automation.automation_rules.delete"
PATH = "/ticket-automation-rules"
OUTCOMES: Mapping[str, Tone] = {"done": "green", "failed": "red", "loop": "orange", "too_deep": "orange"}

UI = Ui(
    views=(
        ResourceView(
            resource="automation-rules", singular="Rule", icon="workflow", hidden=("conditions", "actions")
        ),
        ResourceView(
            resource="automation-runs",
            singular="Run of a rule",
            icon="scroll-text",
            columns=("outcome", "rule", "trigger", "milliseconds", "created_at"),
            tones=OUTCOMES,
        ),
        ResourceView(
            resource="assignees",
            singular="Person's skills",
            icon="user-round-check",
            columns=("user", "skills", "tier", "takes_work", "away_until"),
            fields=("user", "skills", "tier", "most_open", "works_from", "works_until", "works_on"),
        ),
    ),
    nav=(
        NavItem(
            id="automation",
            label="Automation",
            url=PATH,
            permission=READ,
            icon="workflow",
            group="service",
            order=70,
        ),
    ),
    pages=(
        Page(
            path=PATH,
            template="automation/rules.html",
            permission=READ,
            load=rule_list.load,
            title="Automation rules",
            active="automation",
            block="list",
        ),
        Page(
            path=f"{PATH}/new",
            template="automation/rule.html",
            permission=CREATE,
            load=editor.blank,
            title="New rule",
            active="automation",
        ),
        Page(
            path=f"{PATH}/{{id:uuid}}",
            template="automation/rule.html",
            permission=READ,
            load=editor.load,
            title="Rule",
            active="automation",
        ),
        Page(
            path=f"{PATH}/{{id:uuid}}/edit",
            template="automation/rule.html",
            permission=UPDATE,
            load=editor.load,
            title="Rule",
            active="automation",
        ),
    ),
    actions=(
        Action(path="/automation/order", permission=UPDATE, handle=rule_list.order),
        Action(path="/automation/{id:uuid}/switch", permission=UPDATE, handle=rule_list.switch),
        Action(path="/automation/{id:uuid}/delete", permission=DELETE, handle=rule_list.delete),
        Action(path="/automation/new", permission=CREATE, handle=editor.create),
        Action(path="/automation/{id:uuid}/save", permission=UPDATE, handle=editor.save),
        Action(path="/automation/dry-run", permission=READ, handle=editor.preview),
    ),
    settings=(
        SettingsSection(
            id="assignees",
            title="Skills and hours",
            url="/assignees",
            permission="automation.assignees.read",
            group="service",
            icon="user-round-check",
        ),
        SettingsSection(
            id="automation-runs",
            title="Runs of rules",
            url="/automation-runs",
            permission="automation.automation_runs.read",
            group="service",
            icon="scroll-text",
        ),
    ),
    commands=(
        Command(
            id="automation.new",
            title="New automation rule",
            url=f"{PATH}/new",
            permission=CREATE,
            icon="workflow",
        ),
    ),
)
