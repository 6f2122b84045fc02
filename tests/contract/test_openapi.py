"""Schemathesis over the whole OpenAPI description, against a running server: it finds nothing."""

import subprocess
import sys
from pathlib import Path

from benchmarks.servers import free_port, started, wait_for

OPEN_ENDED = "/v1/live"


def test_schemathesis_finds_nothing(present_home: Path, tmp_path: Path) -> None:
    port = free_port()
    with started("-m", "marquee", "serve", "--home", str(present_home), "--port", str(port)):
        wait_for(f"http://127.0.0.1:{port}/health")
        command = [
            *(str(Path(sys.executable).parent / "schemathesis"), "run", f"http://127.0.0.1:{port}/openapi.json"),
            *("--exclude-path", OPEN_ENDED, "--max-examples", "15", "--seed", "1", "--generation-database", "none"),
            *("--phases", "examples,coverage,fuzzing", "--checks", "all", "--no-color"),
        ]
        found = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300, check=False)
    assert found.returncode == 0, found.stdout[-6_000:]
    assert "Tested: 2" in found.stdout
