"""The files under deploy/ parse, run existing commands as nobody in particular, and ask the health checks that exist."""

import configparser
import json
import re
import shlex

import pytest
import yaml

from psa_kernel.config import from_environment

from .pages import ROOT, name_of
from .test_pages import problem

DEPLOY = ROOT / "deploy"
HEALTH = {"/health/live", "/health/ready"}
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PROFILES = sorted((DEPLOY / "profiles").glob("*.env"))
UNPRIVILEGED = 10001


def variables(path):
    """Return the variables of an environment file."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize("profile", PROFILES, ids=name_of)
def test_a_profile_is_a_configuration(profile):
    config = from_environment(variables(profile) | variables(DEPLOY / "profiles/secrets.env.example"))
    assert config.multi_tenant == (profile.stem == "saas")


@pytest.mark.parametrize("path", UNITS, ids=name_of)
def test_a_unit_runs_a_command_as_an_account_of_its_own(path):
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(path)
    service = unit["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert (program, problem(words)) == ("/opt/psa/bin/psa", None)
    assert (service["User"], service["NoNewPrivileges"], service["ProtectSystem"]) == ("psa", "yes", "strict")
    needed = [one for one in unit["Unit"].get("Requires", "").split() if one.startswith("psa-")]
    assert [one for one in needed if not (path.parent / one).exists()] == []


def test_the_image_runs_a_command_as_an_unprivileged_account():
    steps = [line for line in (DEPLOY / "container/Containerfile").read_text().splitlines() if line]
    said = {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in steps if re.match(r"[A-Z]+ ", line)}
    assert said["USER"] == f"{UNPRIVILEGED}:{UNPRIVILEGED}"
    assert json.loads(said["ENTRYPOINT"]) == ["psa"]
    assert problem(json.loads(said["CMD"])) is None
    assert [line for line in steps if line.startswith("RUN")][-1] not in steps[
        steps.index(f"USER {said['USER']}") :
    ]


def test_compose_runs_commands_without_privileges_and_in_order():
    services = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())["services"]
    ours = {name: one for name, one in services.items() if one["image"] == "psa"}
    assert set(ours) == {"migrate", "serve", "worker"}
    assert [name for name, one in ours.items() if problem(one["command"])] == []
    assert all(one["cap_drop"] == ["ALL"] and one["read_only"] for one in ours.values())
    assert all(services[name]["depends_on"]["migrate"] for name in ("serve", "worker"))
    assert [name for name in ("postgres", "valkey", "serve") if "healthcheck" not in services[name]] == []
    asked = re.findall(r"/health/\w+", services["serve"]["healthcheck"]["test"][-1])
    assert set(asked) <= HEALTH
    given = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose/compose.yaml").read_text()))
    assert given == set(variables(DEPLOY / "compose/.env.example"))
    owners = [name for name, one in ours.items() if "PSA_OWNER_DATABASE_URL" in one["environment"]]
    assert owners == ["migrate"]


def test_the_cluster_runs_commands_without_privileges_and_is_asked_how_it_is():
    documents = list(yaml.safe_load_all((DEPLOY / "kubernetes/psa.yaml").read_text()))
    pods = {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]
        for one in documents
        if "template" in one.get("spec", {})
    }
    assert set(pods) == {"psa-migrate", "psa-serve", "psa-worker"}
    for pod in pods.values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == UNPRIVILEGED
        for container in pod["containers"]:
            assert problem(container["args"]) is None
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
    [serving] = pods["psa-serve"]["containers"]
    asked = {serving[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    assert asked == HEALTH
    settings = next(one["data"] for one in documents if one["kind"] == "ConfigMap")
    assert from_environment(settings).multi_tenant
