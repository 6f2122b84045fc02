"""What holds of the tree itself."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import marquee

ROOT = Path(__file__).parents[2]


def imported(path: Path) -> set[str]:
    """The packages that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_tests_know_nothing_of_the_benchmarks() -> None:
    importers = {path: imported(path) for path in (ROOT / "tests").rglob("*.py")}
    assert len(importers) > 60
    assert "tests" in importers[ROOT / "tests" / "search" / "test_search.py"], "imports are seen"
    assert [path for path, names in importers.items() if "benchmarks" in names] == []


STRANGER = re.compile(r"(pip|uv|pipx|poetry)( tool)? (install|add)( -\S+)* ['\"]?marquee(?!-films)\b")
"""A command that fetches the name `marquee` from an index, where somebody else's package has it."""


def test_nobody_is_told_to_install_a_strangers_package() -> None:
    for told in (
        "pip install 'marquee[cluster]'",
        "pip install -U marquee",
        "uv tool install marquee",
        'uv add "marquee"',
    ):
        assert STRANGER.search(told), told
    for told in ("pip install -e '.[cluster]'", "pip install marquee-films", "uv sync --extra cluster"):
        assert not STRANGER.search(told), told
    kinds = {".md", ".py", ".sh", ".yml", ".yaml", ".toml", ".txt", ".html", ".js", ""}
    folders = [ROOT / name for name in ("src", "docs", "deploy", "benchmarks")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix in kinds]
    files += [path for path in ROOT.iterdir() if path.is_file() and path.suffix in kinds]
    assert {ROOT / "README.md", ROOT / "docs" / "operating.md", Path(marquee.__file__)} <= set(files)
    assert [path for path in files if STRANGER.search(path.read_text(errors="replace"))] == []


def test_the_version_is_said_once_and_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["name"] == "marquee-films"
    assert project["version"] == marquee.__version__ == version("marquee-films")
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] in (project["version"], "Unreleased")


def test_every_proof_names_what_there_is() -> None:
    text = (ROOT / "docs" / "proof.md").read_text()
    rows = [row for row in re.findall(r"^\| (.*) \|$", text, re.MULTILINE) if not row.startswith("part")]
    assert len(rows) > 25
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for row in rows:
        command = row.split(" | ")[3]
        assert command == "-" or re.findall(r"`((?:make|\.venv/bin/pytest) [^`]+)`", command), row
    assert set(re.findall(r"`make ([a-z-]+)`", text)) <= set(targets)
    named = re.findall(r"(tests/[\w/.]+)", text)
    assert [path for path in named if not (ROOT / path).exists()] == []
    rules = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text().count("- alert:")
    assert f"each of the {rules} alerts" in text


def test_every_target_says_what_it_makes() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))


def test_decisions_say_their_status_and_day() -> None:
    found = sorted((ROOT / "docs" / "adr").glob("0*.md"))
    assert [path.name[:4] for path in found] == [f"{number:04}" for number in range(1, len(found) + 1)]
    assert len(found) >= 18
    listed = (ROOT / "docs" / "adr" / "README.md").read_text()
    for path in found:
        assert re.match(
            r"# \d{4}: .+\n\nStatus: (accepted|superseded by \d{4}), \d{4}-\d\d-\d\d\n", path.read_text()
        ), path
        assert path.name in listed


FLOORS = (
    *("errors spans asgi", "domain", "settings places", "ports", "libraries", "adapters", "engines", "sources"),
    *("importers", "ingest", "batch", "speed", "serving", "services", "home origin app", "watch", "http", "run"),
    *("testing", "cli client __main__"),
)
"""What stands on what: docs/architecture.md says it in the same order."""

FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms.split()}
SOURCE = Path(marquee.__file__).parent
MODULES = {path: path.read_text() for path in sorted(SOURCE.rglob("*.py"))}


def room_of(path: Path) -> str:
    """The room that a module stands in: its first folder, or its own name."""
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def rooms_imported(text: str) -> set[str]:
    """The rooms that a module imports from, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module == "marquee":
            found |= {alias.name for alias in node.names if alias.name in FLOOR}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("marquee."):
            found.add(str(node.module).split(".")[1])
    return found


def test_no_import_runs_upward() -> None:
    rooms = {room_of(path) for path in MODULES} - {"__init__"}
    assert rooms == set(FLOOR), "each room has a floor"
    assert "domain" in rooms_imported("def f():\n    from marquee.domain.films import Film"), "lazy ones are seen"
    inner = {path: text for path, text in MODULES.items() if room_of(path) in FLOOR}
    upward = [
        f"{path.relative_to(SOURCE)} imports {room}"
        for path, text in inner.items()
        for room in rooms_imported(text)
        if FLOOR[room] > FLOOR[room_of(path)]
    ]
    assert upward == []


HEAVY = {
    "cassandra": "adapters",
    "confluent_kafka": "adapters services",
    "datahub": "run",
    "duckdb": "engines",
    "fastapi": "http",
    "granian": "http",
    "great_expectations": "watch",
    "opentelemetry": "adapters",
    "pyiceberg": "engines",
    "pymongo": "adapters services",
    "pyspark": "app engines speed",
    "pytest": "testing",
    "redis": "adapters services",
    "rustworkx": "libraries",
    "sknetwork": "libraries",
    "tantivy": "libraries",
    "vaderSentiment": "libraries",
}
"""The rooms in which a library that is heavy, or a service's client, is imported; `services` starts what it asks."""


def test_a_heavy_library_stays_in_its_rooms() -> None:
    found = {name: " ".join(sorted({room_of(path) for path in MODULES if name in imported(path)})) for name in HEAVY}
    assert found == HEAVY


def test_rooms_and_modules_stay_small() -> None:
    sizes = {path: len(text.splitlines()) for path, text in MODULES.items()}
    assert {str(path): size for path, size in sizes.items() if size > 400} == {}
    assert sorted(sizes.values())[len(sizes) // 2] < 130
    rooms: Counter[str] = Counter()
    for path, size in sizes.items():
        rooms[room_of(path)] += size
    assert {room: size for room, size in rooms.items() if size >= 0.12 * sum(sizes.values())} == {}


def test_it_runs_as_a_file_as_spark_submit_runs_it(tmp_path: Path) -> None:
    command = [sys.executable, str(SOURCE / "__main__.py"), "status", "--home", str(tmp_path / "none")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "http" not in done.stderr
    assert done.returncode in (0, 2), done.stderr
