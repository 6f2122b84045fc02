"""The suite itself: it holds every port, reaches every engine, and can fail."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests import adapters

import marquee
from marquee import ports
from marquee.adapters.cassandra import CassandraSpeedStore
from marquee.adapters.kafka.log import KafkaLog
from marquee.adapters.mongo import MongoSpeedViews, MongoViews
from marquee.adapters.redis import RedisAnswers, RedisBudget, RedisRateLimit
from marquee.testing import suite
from marquee.testing.suite.signatures import PROTOCOLS, differences

ROOT = Path(__file__).parents[2]
MODULES = {
    path.stem: ast.parse(path.read_text()) for path in Path(suite.__file__).parent.glob("*.py") if path.stem[0] != "_"
}
TESTS = {
    name: [node.name for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    for name, module in MODULES.items()
}
"""By module of the suite its tests, as they stand in the text."""

WITHIN = {"Engine", "Tables", "ViewsSnapshot"}
"""Protocols that are met within another: the suite reaches them through it."""

DRIVEN = {"Speed"}
"""What is no store: the fold is one program, whatever drives it (tests/equivalence, tests/cluster/test_spark.py)."""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a process of its own."""
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_every_port_has_a_suite_an_adapter_in_memory_and_a_real_one() -> None:
    assert {protocol.__name__ for protocol in PROTOCOLS.values()} == set(ports.__all__) - WITHIN - DRIVEN
    assert PROTOCOLS.keys() == adapters.ENGINES.keys() == TESTS.keys() - {"signatures"}
    for port, engines in adapters.ENGINES.items():
        assert {"memory"} < engines.keys(), port
    assert all(TESTS.values())
    names = [name for held in TESTS.values() for name in held]
    assert sorted(names) == sorted(set(names)), "a name is of one test, or it would hide another"


def test_nothing_that_runs_imports_what_is_for_tests() -> None:
    source = Path(marquee.__file__).parent
    running = [path for path in source.rglob("*.py") if source / "testing" not in path.parents]
    assert len(running) > 100
    assert [path for path in running if re.search(r"(from|import) (marquee\.testing|pytest)", path.read_text())] == []
    adapters_alone = [path for path in (source / "testing").rglob("*.py") if "memory" in path.parts]
    assert len(adapters_alone) > 10
    assert [path for path in adapters_alone if "pytest" in path.read_text()] == []


def test_every_adapter_of_the_platform_is_held_to_the_suite() -> None:
    """A class that has all that a protocol asks for is an adapter of it, whoever wrote it, and stands in tests/adapters.py."""
    listed = (ROOT / "tests" / "adapters.py").read_text() + (ROOT / "tests" / "cluster" / "conftest.py").read_text()
    source = Path(marquee.__file__).parent
    missing = []
    for path in [*(source / "adapters").rglob("*.py"), *(source / "engines").rglob("*.py")]:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                methods = {part.name for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)}
                fits = [
                    port
                    for port, protocol in PROTOCOLS.items()
                    if {name for name in dir(protocol) if name[0] != "_"} <= methods
                ]
                if fits and not re.search(rf"\b{node.name}\b", listed):
                    missing.append(f"{node.name} ({', '.join(fits)})")
    assert missing == []


def test_every_test_reaches_every_engine_of_its_port() -> None:
    for place, kinds in (("conformance", ("memory", "embedded")), ("cluster", ("cluster",))):
        told = run(ROOT, "--collect-only", f"tests/{place}/test_ports.py")
        assert told.returncode == 0, told.stdout + told.stderr
        collected = set(re.findall(r"test_ports\.py::(\w+\[[\w-]+\])$", told.stdout, re.MULTILINE))
        engines = adapters.engines(*kinds)
        wanted = {
            f"{test}[{port}-{engine}]"
            for port, held in engines.items()
            for test in (*TESTS[port], *TESTS["signatures"])
            for engine in held
        }
        assert collected == wanted


CLUSTER = [
    *(("log", KafkaLog), ("speed_store", CassandraSpeedStore), ("speed_views", MongoSpeedViews), ("views", MongoViews)),
    *(("answers", RedisAnswers), ("budget", RedisBudget), ("limits", RedisRateLimit)),
]


@pytest.mark.parametrize(("port", "kind"), CLUSTER)
def test_signatures_of_the_clusters_adapters_are_seen_without_its_services(port: str, kind: type) -> None:
    assert differences(PROTOCOLS[port], kind) == []


def test_a_signature_that_differs_is_told() -> None:
    class Runs:
        def next_run(self) -> int:
            return 1

        def latest(self, limit: int = 5) -> list[object]:
            return []

    class Releases:
        def held(self, name: str) -> None:
            return None

        async def begin(self, source: str, release: object) -> None:
            return None

    assert [told.split("(")[0] for told in differences(ports.Runs, Runs)] == ["Runs.latest", "Runs has no record"]
    assert [told.split("(")[0] for told in differences(ports.Releases, Releases)] == ["Releases.begin", "Releases.held"]


OWN = """
import pytest
from marquee.testing.memory import MemoryRuns
from marquee.testing.suite.runs import *

ENGINES = {"runs": {"able": "memory", "unable": "memory", "away": "memory", "left out": "cluster"}}
HELD = {}


class Unable(MemoryRuns):
    def latest(self, limit):
        return super().latest(1)


class Away(MemoryRuns):
    def latest(self, limit):
        raise OSError("away")


@pytest.fixture
def adapter(request):
    kind = {"able": MemoryRuns, "unable": Unable, "away": Away}[request.param[1]]
    return lambda port, store=None: kind() if store is None else HELD.setdefault((store, kind), kind())


@pytest.mark.cannot("able", "do what it does")
@pytest.mark.cannot("unable", "tell of more than one run")
@pytest.mark.cannot("away", "be asked")
def test_marked(adapter):
    runs = adapter("runs")
    runs.record(report(1))
    runs.record(report(2))
    assert len(runs.latest(5)) == 2


test_marked.__module__ = report.__module__
"""


def test_a_mark_fails_once_the_engine_can_and_hides_no_other_error(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(OWN)
    told = run(tmp_path, "-p", "marquee.testing.plugin", "-rA", "-m", "memory", "test_own.py").stdout
    of = re.findall(r"^(PASSED|FAILED|XFAIL) test_own\.py::test_marked\[runs-(\w+)\]", told, re.MULTILINE)
    assert {engine: verdict for verdict, engine in of} == {"able": "FAILED", "unable": "XFAIL", "away": "FAILED"}
    assert "[XPASS(strict)] able cannot do what it does" in told
    assert "OSError: away" in told
    assert "FAILED test_own.py::test_runs_are_numbered_upward_and_the_newest_come_first[runs-unable]" in told
    assert "PASSED test_own.py::test_runs_are_numbered_upward_and_the_newest_come_first[runs-able]" in told


def test_the_page_shows_how_an_adapter_of_ones_own_is_held_to_the_suite(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text().split("## Write an adapter")[1]
    conftest, test = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[:2]
    (tmp_path / "conftest.py").write_text(conftest)
    (tmp_path / "test_my_runs.py").write_text(test)
    told = run(tmp_path, "-rA")
    assert told.returncode == 0, told.stdout + told.stderr
    passed = re.findall(r"^PASSED test_my_runs\.py::(\w+)\[", told.stdout, re.MULTILINE)
    assert sorted(passed) == sorted(TESTS["runs"])
