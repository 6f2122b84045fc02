"""What an index would serve: the wheel, installed without a checkout, without extras, in an empty folder."""

import os
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from tests.processes import answer, free_port, started

ROOT = Path(__file__).parents[2]
UV = ROOT / ".venv" / "bin" / "uv"
OURS = ("MARQUEE", "TMDB", "VIRTUAL", "PYTHON")
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
"""This machine's, which may say where packages come from, without what is ours."""


def ran(*command: str | Path, folder: Path) -> str:
    """Run a command in a folder, with nothing of ours set; return what it printed."""
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and what it requires, at the versions that are locked."""
    folder = tmp_path_factory.mktemp("wheel")
    ran(UV, "build", "--quiet", "--wheel", "--out-dir", folder / "dist", ROOT, folder=folder)
    locked = ("export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes", "--project", ROOT)
    (folder / "locked.txt").write_text(ran(UV, *locked, folder=folder))
    ran(UV, "venv", "--quiet", "--python", sys.executable, folder / "env", folder=folder)
    python, wheel = folder / "env" / "bin" / "python", next((folder / "dist").glob("marquee_films-*.whl"))
    ran(UV, "pip", "install", "--quiet", "--python", python, "-c", folder / "locked.txt", wheel, folder=folder)
    return folder


def test_a_wheel_holds_the_package_and_nothing_of_the_house(installed: Path) -> None:
    with zipfile.ZipFile(next((installed / "dist").glob("*.whl"))) as wheel:
        names = wheel.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"marquee"}
    assert any(name.endswith("web/style.css") for name in names)
    assert any(name.startswith("marquee/models/") for name in names)
    assert not [name for name in names if name.endswith((".pyc", ".db"))]


def test_the_wheel_alone_serves_films_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    marquee, port = installed / "env" / "bin" / "marquee", free_port()
    assert "batch" in ran(marquee, "--help", folder=tmp_path)
    small = {"MARQUEE_PORT": str(port), "MARQUEE_SIM_FILMS": "120", "MARQUEE_SIM_DAYS": "10"}
    said = tmp_path / "said"
    with started(marquee, "up", into=said, environment={**ENVIRONMENT, **small}) as running:
        films: dict[str, object] = {}
        for _ in range(300):
            films = answer(port, "/v1/search/movies?q=the").json()
            if films.get("results"):
                break
            with suppress(subprocess.TimeoutExpired):
                running.wait(1)
                break
        assert films.get("results"), said.read_text()
        assert answer(port, "/").status_code == 200
        assert answer(port, "/docs").status_code == 200
    assert "Traceback" not in said.read_text()
    assert (tmp_path / ".marquee").is_dir()
