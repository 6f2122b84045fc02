"""Compose and Kubernetes, read by the parsers of those who run them; neither a Docker daemon nor a cluster is at hand."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from marquee.settings import Settings

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"
DEPLOY = ROOT / "deploy"
KUBERNETES = ROOT / "deploy" / "kubernetes"
COMPOSE = ROOT / "deploy" / "compose"
GIGABYTE = 2**30
KNOWN = {f"MARQUEE_{name.upper()}" for name in Settings.model_fields} | {"MARQUEE_SECRETS", "MARQUEE_HOME"}
OF_OTHERS = {"MARQUEE_DASHBOARDS", "MARQUEE_PROMETHEUS"}
"""Variables of Grafana's provisioning."""

OURS = ("marquee:cluster", "marquee:airflow", "marquee:superset")


def run(tool: str, *arguments: str, said: str | None = None) -> str:
    """Run one of the tools that `make test-ops` builds; a failure is shown."""
    if not (TOOLS / tool).exists():
        pytest.fail(f"there is no .tools/{tool}: `make test-ops` builds it")
    done = subprocess.run([TOOLS / tool, *arguments], input=said, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4_000:]
    return done.stdout


def test_dockerfiles_parse_without_a_warning() -> None:
    found = list((ROOT / "deploy").rglob("*Dockerfile*"))
    assert found
    for path in found:
        run("validate", "dockerfile", str(path))


def test_a_dockerfile_that_is_wrong_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python AS one\nCOPPY a b\n")
    done = subprocess.run([TOOLS / "validate", "dockerfile", tmp_path / "Dockerfile"], capture_output=True, check=False)
    assert done.returncode == 1


@pytest.fixture(scope="module")
def _secrets() -> None:
    """The secrets that up.sh makes; Compose asks that their files are there."""
    subprocess.run([COMPOSE / "up.sh", "secrets"], check=True)


def services(*profiles: str) -> dict[str, Any]:
    """The services of some profiles as Compose understands them."""
    found: dict[str, Any] = json.loads(run("validate", "compose", str(COMPOSE / "compose.yaml"), *profiles))["services"]
    return found


@pytest.mark.usefixtures("_secrets")
@pytest.mark.parametrize("more", [(), ("batch",), ("speed",), ("bi",), ("ops",), ("batch", "speed", "bi", "ops")])
def test_every_profile_loads_with_core(more: tuple[str, ...]) -> None:
    found = services("core", *more)
    assert {"kafka", "registry", "cassandra", "mongo", "redis", "namenode", "datanode", "ingest", "api"} <= found.keys()
    assert len(found) > 8 + len(more)


@pytest.mark.usefixtures("_secrets")
def test_the_services_are_as_they_should_be() -> None:
    everything = services("core", "batch", "speed", "bi", "ops")
    core = services("core")
    assert sum(int(one["mem_limit"]) for one in core.values()) <= 8 * GIGABYTE
    for name, one in everything.items():
        assert int(one["mem_limit"]) > 0, name
        assert "no-new-privileges:true" in one["security_opt"], name
        tag = one["image"].rpartition(":")[2]
        assert ":" in one["image"], name
        assert tag != "latest", name
        assert name in ("airflow-prepare", "loki", "vector") or one["healthcheck"]["test"], name
        assert all(port["host_ip"] == "127.0.0.1" for port in one.get("ports", ())), name
        variables = {key for key in one.get("environment", {}) if key.startswith("MARQUEE_")}
        assert variables <= KNOWN | OF_OTHERS, name
        written = {key for key in one.get("environment", {}) if key.endswith(("PASSWORD", "SECRET", "TOKEN"))}
        assert not written, name
        if one["image"] in OURS:
            assert one["cap_drop"] == ["ALL"], name
    for name in (
        "kafka",
        "registry",
        "cassandra",
        "mongo",
        "redis",
        "namenode",
        "datanode",
        "spark-master",
        "spark-worker",
    ):
        assert list(everything[name]["networks"]) == ["stores"], name
        assert not everything[name].get("ports"), name


def test_secrets_are_made_once_and_are_not_to_be_committed(tmp_path: Path) -> None:
    folder = tmp_path / "compose"
    folder.mkdir()
    (folder / "up.sh").write_text((COMPOSE / "up.sh").read_text())
    (tmp_path / "make_secrets.py").write_text((DEPLOY / "make_secrets.py").read_text())
    for _ in range(2):
        subprocess.run(["sh", str(folder / "up.sh"), "secrets"], check=True)
    made = {path.name: path.read_text() for path in (folder / "secrets").iterdir()}
    assert (folder / "secrets").stat().st_mode & 0o777 == 0o700
    declared = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["secrets"]
    assert made.keys() == declared.keys()
    assert made["mongo_password"] in made["marquee_mongo"]
    assert len(made["marquee_api_key"]) >= 32
    subprocess.run(["sh", str(folder / "up.sh"), "secrets"], check=True)
    assert made == {path.name: path.read_text() for path in (folder / "secrets").iterdir()}
    refused = subprocess.run(["sh", str(folder / "up.sh")], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "tmdb_api_key" in refused.stderr
    ignored = subprocess.run(["git", "check-ignore", "-q", "deploy/compose/secrets/x"], cwd=ROOT, check=False)
    assert ignored.returncode == 0


@cache
def rendered(overlay: str) -> str:
    """An overlay's objects as YAML."""
    return run(
        "kustomize", "build", "--load-restrictor", "LoadRestrictionsNone", str(KUBERNETES / "overlays" / overlay)
    )


def objects(overlay: str) -> list[dict[str, Any]]:
    """An overlay's objects."""
    return [found for found in yaml.safe_load_all(rendered(overlay)) if found]


@pytest.mark.parametrize("overlay", ["dev", "prod"])
def test_kubernetes_takes_every_object(overlay: str) -> None:
    import kubernetes_validate

    found = objects(overlay)
    assert len(found) > 60
    for one in found:
        kubernetes_validate.validate(one, "1.33", strict=True)


@pytest.mark.parametrize("overlay", ["dev", "prod"])
def test_nothing_critical_is_found(overlay: str) -> None:
    # Images of the development cluster are built on it, and cannot be pulled.
    ignored = ["--ignore-test", "container-image-pull-policy"] if overlay == "dev" else []
    said = run("kube-score", "score", "--output-format", "ci", *ignored, "-", said=rendered(overlay))
    assert "[OK]" in said
    assert "[CRITICAL]" not in said


@pytest.mark.parametrize("overlay", ["dev", "prod"])
def test_references_lead_somewhere(overlay: str) -> None:
    found = objects(overlay)
    held = {(one["kind"], one["metadata"]["name"]): one for one in found}
    printed = subprocess.run(
        [sys.executable, DEPLOY / "make_secrets.py", "kubernetes", "n"], capture_output=True, text=True, check=True
    )
    secrets = json.loads(printed.stdout)["stringData"]
    labelled = [
        (one["metadata"]["name"], one["spec"]["template"])
        for one in found
        if one["kind"] in ("StatefulSet", "Deployment", "Job")
    ]
    for name, template in labelled:
        pod = template["spec"]
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        claims = {
            c["metadata"]["name"]
            for c in held.get(("StatefulSet", name), {}).get("spec", {}).get("volumeClaimTemplates", ())
        }
        volumes = {volume["name"]: volume for volume in pod.get("volumes", ())}
        for volume in volumes.values():
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in held, name
            for item in volume.get("secret", {}).get("items", ()):
                assert item["key"] in secrets, (name, item)
        for container in [*pod["containers"], *pod.get("initContainers", ())]:
            mounted = {mount["name"] for mount in container.get("volumeMounts", ())}
            assert mounted <= claims | volumes.keys(), (name, container["name"])
            for source in container.get("envFrom", ()):
                assert ("ConfigMap", source["configMapRef"]["name"]) in held, name
    for one in found:
        if one["kind"] == "Service":
            wanted = one["spec"]["selector"]
            assert any(wanted.items() <= t["metadata"]["labels"].items() for _, t in labelled), one["metadata"]["name"]
        if one["kind"] == "StatefulSet":
            assert ("Service", one["spec"]["serviceName"]) in held
    settings = next(one for (kind, name), one in held.items() if kind == "ConfigMap" and name.startswith("settings"))
    assert {key for key in settings["data"] if key.startswith("MARQUEE_")} <= KNOWN
    assert "Secret" not in {kind for kind, _ in held}


@pytest.mark.parametrize(
    ("arguments", "lacks"),
    [
        ((), "deploy.sh deploy"),
        (("deploy", "elsewhere"), "there is no overlay elsewhere: choose dev or prod"),
        (("deploy", "dev"), "set TMDB_API_KEY to TMDB's API Read Access Token"),
    ],
)
def test_deploy_says_what_it_lacks(arguments: tuple[str, ...], lacks: str, tmp_path: Path) -> None:
    fake = tmp_path / "kubectl"
    fake.write_text("#!/bin/sh\ncase \"$*\" in *'get secret'*) exit 1;; esac\ncat >/dev/null 2>&1 </dev/null\n")
    fake.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "TMDB_API_KEY": ""}
    done = subprocess.run(
        [KUBERNETES / "deploy.sh", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert lacks in done.stderr
