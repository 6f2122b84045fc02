"""The first thing that anybody does: `make run` in a fresh clone, and Ctrl-C."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.processes import answer, free_port

ROOT = Path(__file__).parents[2]


def test_make_run_in_a_clone_has_films_and_ends_at_ctrl_c(tmp_path: Path) -> None:
    clone, said, port = tmp_path / "clone", tmp_path / "said", free_port()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MARQUEE", "TMDB", "VIRTUAL"))
    }
    environment |= {"MARQUEE_PORT": str(port), "MARQUEE_SIM_FILMS": "150", "MARQUEE_SIM_DAYS": "10"}
    with said.open("w") as heard:
        running = subprocess.Popen(
            ["make", "run"],
            cwd=clone,
            env=environment,
            stdout=heard,
            stderr=heard,
            start_new_session=True,
        )
        try:
            films = {}
            for _ in range(600):
                if (clone / ".venv" / ".runtime").exists():
                    films = answer(port, "/v1/search/movies?q=the").json()
                if films.get("results"):
                    break
                try:
                    running.wait(1)
                except subprocess.TimeoutExpired:
                    continue
                break
            assert films["coverage"]["source"] == "simulated", said.read_text()
            assert len(films["results"]) > 2
            os.killpg(running.pid, signal.SIGINT)
            assert running.wait(60) == -signal.SIGINT, said.read_text()  # make has got it too; it says how `up` ended
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
    text = said.read_text()
    assert "Marquee is live" in text
    assert "Error" not in text, text
    assert "panic" not in text, text
    assert (clone / ".marquee").is_dir()
