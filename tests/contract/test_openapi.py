"""Schemathesis over the whole OpenAPI description, against a running server: it finds nothing."""

import re
import subprocess
import sys
from pathlib import Path

import httpx
from tests.processes import serving

OPEN_ENDED = "/v1/live"


def test_schemathesis_finds_nothing(present_home: Path, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text("[cache]\nenabled = false\n")  # a crash of then is no input of now
    with serving("serve", "--home", str(present_home)) as port:
        description = f"http://127.0.0.1:{port}/openapi.json"
        paths = httpx.get(description).json()["paths"]
        command = [
            *(str(Path(sys.executable).parent / "schemathesis"), "run", description),
            *("--exclude-path", OPEN_ENDED, "--max-examples", "15", "--seed", "1", "--generation-database", "none"),
            *("--phases", "examples,coverage,fuzzing", "--checks", "all", "--no-color"),
        ]
        found = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300, check=False)
    assert found.returncode == 0, found.stdout[-6_000:]
    operations = sum(len(methods) for path, methods in paths.items() if path != OPEN_ENDED)
    assert operations > 25
    assert re.findall(r"Tested: (\d+)\b", found.stdout) == [str(operations)], found.stdout
    assert not (tmp_path / ".schemathesis").exists()
