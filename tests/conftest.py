"""What tests share: platforms on a temporary home with a clock of their own, and the real data."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

from marquee.app import SYSTEM_CLOCK, Platform
from marquee.domain.timeline import HOUR, ManualClock
from marquee.settings import load

settings.register_profile(
    "marquee",
    deadline=None,
    derandomize="MARQUEE_NEW_CASES" not in os.environ,  # the same cases at every run, but for `make soak`
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("marquee")

NOON = 1_773_489_600_000
"""2026-03-14 12:00 UTC."""


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("MARQUEE_") or name == "TMDB_API_KEY":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def platform(tmp_path: Path, clock: ManualClock) -> Platform:
    return Platform(load(home=tmp_path / "home"), clock)


@pytest.fixture
def new_platform(tmp_path: Path, clock: ManualClock) -> Callable[[str], Platform]:
    return lambda name: Platform(load(home=tmp_path / name), clock)


DATA_FOLDER = Path(os.environ.get("MARQUEE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


def missing(what: str, message: str) -> NoReturn:
    """Skip a test for what this machine lacks (data, chromium, mounts). On CI that fails, unless MARQUEE_WITHOUT names it:
    what is left out there is left out aloud."""
    if os.environ.get("CI") and what not in os.environ.get("MARQUEE_WITHOUT", "").split():
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data, which is not part of the repository."""
    if not DATA_FOLDER.is_dir():
        missing("data", f"no real data at {DATA_FOLDER}: set MARQUEE_TEST_DATA to the folder that holds it")
    return DATA_FOLDER


@pytest.fixture(scope="session")
def world_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the little film world of `tests.world`, published; read it, or copy it."""
    from tests.world import make

    return make(tmp_path_factory.mktemp("world") / "home").settings.home


@pytest.fixture(scope="session")
def present_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same world as of now, for servers that read the real clock."""
    from tests.world import make

    now = SYSTEM_CLOCK.now()
    return make(tmp_path_factory.mktemp("present") / "home", now - 3 * HOUR).settings.home
