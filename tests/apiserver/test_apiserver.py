"""A real kube-apiserver, with its admission, takes the manifests. Nothing runs behind it: no pod is ever started."""

import base64
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.processes import free_port

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"
DEPLOY = ROOT / "deploy" / "kubernetes" / "deploy.sh"
NAMESPACES = {"dev": "marquee-dev", "prod": "marquee"}
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs a command whose kubectl asks an API server of our own."""
    if not (TOOLS / "kube-apiserver").exists():
        pytest.fail("there is no .tools/kube-apiserver: `make ops-check` builds it")
    folder = tmp_path_factory.mktemp("apiserver")
    store, peers, door = free_port(), free_port(), free_port()
    key = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True).stdout
    (folder / "sa.key").write_bytes(key)
    (folder / "tokens.csv").write_text("known,admin,1,system:masters\n")
    configuration = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "c", "cluster": {"server": f"https://127.0.0.1:{door}", "insecure-skip-tls-verify": True}}
        ],
        "users": [{"name": "u", "user": {"token": "known"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    (folder / "config").write_text(yaml.safe_dump(configuration))
    environment = {
        **os.environ,
        "KUBECONFIG": str(folder / "config"),
        "PATH": f"{TOOLS}:{os.environ['PATH']}",
        "TIMEOUT": "2s",
    }

    def run(*command: str, said: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env={**environment, **more}, input=said, capture_output=True, text=True, check=False
        )

    address = f"http://127.0.0.1:{store}"
    etcd = [f"--data-dir={folder / 'etcd'}", f"--listen-client-urls={address}", f"--advertise-client-urls={address}"]
    apiserver = [
        f"--etcd-servers={address}",
        f"--secure-port={door}",
        "--bind-address=127.0.0.1",
        f"--cert-dir={folder / 'certs'}",
        "--service-account-issuer=https://marquee.example",
        f"--service-account-key-file={folder / 'sa.key'}",
        f"--service-account-signing-key-file={folder / 'sa.key'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/24",
    ]
    with (folder / "said").open("w") as said:
        running = [
            subprocess.Popen([TOOLS / "etcd", *etcd, f"--listen-peer-urls=http://127.0.0.1:{peers}"], stderr=said),
            subprocess.Popen([TOOLS / "kube-apiserver", *apiserver], stderr=said),
        ]
        try:
            until = time.monotonic() + 120
            while run("kubectl", "get", "--raw", "/readyz").returncode:
                assert time.monotonic() < until, (folder / "said").read_text()[-2_000:]
                time.sleep(0.5)
            yield run
        finally:
            for one in reversed(running):
                one.terminate()
                one.wait(30)


def objects(kubectl: Run, overlay: str) -> list[dict[str, Any]]:
    """An overlay's objects, as kubectl's own kustomize renders them."""
    done = kubectl(str(DEPLOY), "render", overlay)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


@pytest.mark.parametrize("overlay", ["dev", "prod"])
def test_deploy_applies_all_of_it_and_clean_removes_it(kubectl: Run, overlay: str) -> None:
    namespace = NAMESPACES[overlay]
    found = objects(kubectl, overlay)
    # Nothing gets ready here, so the first wait ends it, and says so; all has been applied before.
    secrets = []
    for _ in range(2):
        done = kubectl(str(DEPLOY), "deploy", overlay, TMDB_API_KEY="a-token")
        assert done.returncode == 1, done.stderr
        assert "timed out" in done.stderr
        assert "Warning" not in done.stderr, done.stderr
        assert done.stdout.count("serverside-applied") >= len(found)
        held = json.loads(kubectl("kubectl", "-n", namespace, "get", "secret", "marquee", "-o", "json").stdout)["data"]
        assert base64.b64decode(held["tmdb_api_key"]) == b"a-token"
        secrets.append(held)
    assert secrets[0] == secrets[1]  # what was made once is kept
    kubectl("kubectl", "-n", namespace, "create", "serviceaccount", "default")
    pods = [one for one in found if one["kind"] in ("StatefulSet", "Deployment", "Job")]
    assert len(pods) > 15
    for one in pods:
        # Pods themselves are what the namespace's standard (restricted) is held against.
        template = one["spec"]["template"]
        names = {claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", ())}
        claimed = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in sorted(names)]
        spec = {**template["spec"], "volumes": [*template["spec"].get("volumes", ()), *claimed]}
        about = {"name": one["metadata"]["name"], "namespace": namespace}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": spec}
        taken = kubectl("kubectl", "apply", "--server-side", "--dry-run=server", "-f", "-", said=json.dumps(pod))
        assert taken.returncode == 0, (about["name"], taken.stderr)
        assert "Warning" not in taken.stderr, (about["name"], taken.stderr)
    bad = {"containers": [{"name": "x", "image": "x:1"}]}
    about = {"name": "bad", "namespace": namespace}
    refused = {"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": bad}
    said = kubectl("kubectl", "apply", "--server-side", "--dry-run=server", "-f", "-", said=json.dumps(refused)).stderr
    assert "violates PodSecurity" in said
    cleaned = kubectl(str(DEPLOY), "clean", overlay)
    assert cleaned.returncode == 0, cleaned.stderr
    left = kubectl("kubectl", "-n", namespace, "get", "statefulsets,deployments,jobs,ingresses", "-o", "name").stdout
    assert left == ""
    assert "secret/marquee" in kubectl("kubectl", "-n", namespace, "get", "secrets", "-o", "name").stdout
