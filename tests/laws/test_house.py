"""What holds of the tree itself."""

import ast
from pathlib import Path

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
