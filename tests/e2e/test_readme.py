"""What the README tells people to type, typed as it stands there; what needs more than this machine is listed by name."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.processes import answer, free_port

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()

ELSEWHERE = {
    "make run": "tests/ops/test_clone.py",
    "make test": "the suites, this one among them",
    ".venv/bin/uv sync": "`make test-cluster` installs the same extras",
    "marquee cluster": "make test-cluster",
    "MARQUEE_KAFKA=": "make test-cluster",
    "spark-submit": "make test-cluster",
    "marquee quality": "make test-ops",
    "marquee lineage": "make test-ops",
}
"""How lines begin that are not typed here, and where they are."""

LIVING = ("marquee up", "marquee ingest", "marquee speed", "marquee serve", "marquee simulate")
ALONE = ("marquee maintain", "marquee restore", "marquee reset")
"""What is typed where nothing runs."""

MEANT = {
    "PATH": "seen.csv",
    "SQL": '"SELECT count(*) FROM silver.films"',
    "NAME": "somebody",
    "ID": "1",
    "[TEXT]": "published",
    "[FILE]": "answers.duckdb",
    "FILE": "saved.tar.zst",
}
"""What stands for the table's placeholders."""

SEEN = "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres\n"
SEEN += "tt0137523,9,2024-05-01,Fight Club,Fight Club,https://www.imdb.com/title/tt0137523,Movie,8.8,139,1999,Drama\n"


def blocks() -> list[str]:
    """Return the README's indented blocks."""
    found = re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", README, re.MULTILINE)
    return ["\n".join(line[4:] for line in block.splitlines()).strip() for block in found]


def typed() -> Iterator[str]:
    """Yield the lines of the README's blocks of commands."""
    for block in blocks():
        if block.startswith(("from ", '"')):
            continue
        yield from re.sub(r"\\\n\s*", "", block).splitlines()


def tabled() -> Iterator[str]:
    """Yield the commands of the README's table, with something for each placeholder."""
    for cell in re.findall(r"^\| (`marquee [^|]*) \|", README, re.MULTILINE):
        for command in re.findall("`([^`]+)`", cell):
            yield " ".join(MEANT.get(word, word) for word in command.split())


def elsewhere(line: str) -> bool:
    return line.startswith(tuple(ELSEWHERE))


class Shell:
    """A person's shell in a folder of their own, with a home, and a port for the one that the README names."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "MARQUEE_HOME": str(folder / "home"),
            "MARQUEE_PORT": str(port),
            "MARQUEE_SIM_FILMS": "150",
            "MARQUEE_SIM_DAYS": "20",
        }

    def begin(self, line: str) -> "subprocess.Popen[str]":
        """Type a line."""
        return subprocess.Popen(
            ["bash", "-c", f"exec {line}" if line.startswith("marquee") else line],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def type(self, line: str, seconds: float = 120) -> str:
        """Type a line and wait for its end; return what it printed."""
        with self.begin(line.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")) as process:
            printed, said = process.communicate(timeout=seconds)
        assert process.returncode == 0, (line, printed, said)
        assert "Traceback" not in said, (line, said)
        return printed

    def stop(self, process: "subprocess.Popen[str]") -> None:
        """Press Ctrl-C."""
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=60)
        assert process.returncode == 0, (process.args, printed, said)
        assert "Traceback" not in said + printed, (process.args, said)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell beside the running platform."""
    made = Shell(tmp_path_factory.mktemp("person"), free_port())
    (made.folder / "seen.csv").write_text(SEEN)
    with made.begin("marquee up") as platform:
        try:
            for _ in range(600):
                body = answer(made.port, "/health").json()
                if body["coverage"]["run_id"] and not body.get("filling"):
                    break
                with pytest.raises(subprocess.TimeoutExpired):
                    platform.wait(0.2)
            yield made
            made.stop(platform)
        finally:
            platform.kill()


def test_every_line_is_typed_here_or_elsewhere() -> None:
    lines = [*typed(), *tabled()]
    assert len(lines) > 35
    for begin in ELSEWHERE:
        assert any(line.startswith(begin) for line in lines), begin
    for line in lines:
        assert elsewhere(line) or line.startswith(("curl ", "marquee ")), line


def test_what_is_asked_is_answered(shell: Shell) -> None:
    asked = [line for line in typed() if line.startswith("curl ")]
    assert len(asked) == 6
    for line in asked:
        if "/v1/live" in line:
            with shell.begin(line.replace("127.0.0.1:8000", f"127.0.0.1:{shell.port}")) as process:
                assert process.stdout is not None
                assert process.stdout.readline() == "event: hello\n"
                process.kill()
            continue
        body = shell.type(line.replace("curl ", "curl --silent --show-error --fail-with-body ", 1))
        if "format=csv" in line:
            assert body.startswith('"tier",')
        else:
            assert json.loads(body)["coverage"]["source"] == "simulated", line
    python = next(block for block in blocks() if block.startswith("from marquee.client"))
    written = python.replace("Client()", f'Client("http://127.0.0.1:{shell.port}")')
    (shell.folder / "asked.py").write_text(written)
    shell.type("python asked.py")


@pytest.mark.parametrize("line", [line for line in (*typed(), *tabled()) if not elsewhere(line)])
def test_commands_run_as_written(line: str, shell: Shell) -> None:
    if line.startswith("curl "):
        return
    if not line.startswith((*LIVING, *ALONE)):
        shell.type(line)


def test_parts_run_by_themselves_and_end(shell: Shell) -> None:
    alone = Shell(shell.folder, free_port())
    alone.environment |= {"MARQUEE_HOME": str(shell.folder / "alone"), "MARQUEE_SIMULATOR_KEY": "k" * 20}
    alone.environment |= {"MARQUEE_TMDB_URL": "http://127.0.0.1:8001/3"}
    shell.type("marquee backup for-alone.tar.zst")
    alone.type("marquee restore for-alone.tar.zst")
    alone.type("marquee maintain")
    with alone.begin("marquee simulate") as simulator:
        assert answer(8001, "/3/genre/movie/list").status_code == 401
        for line in ("marquee ingest", "marquee speed", "marquee serve"):
            with alone.begin(line) as process:
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(6)
                alone.stop(process)
        alone.stop(simulator)
    alone.type("marquee reset --yes")
    assert not (shell.folder / "alone").exists()
