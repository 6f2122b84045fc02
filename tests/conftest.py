"""What tests share: platforms on a temporary home with a clock of their own, and the real data."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from marquee.app import Platform
from marquee.domain.timeline import ManualClock
from marquee.settings import load

settings.register_profile(
    "marquee", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
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
ON_CI = bool(os.environ.get("CI"))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data, which is not part of the repository; on CI it must be there."""
    if not DATA_FOLDER.is_dir():
        message = f"no real data at {DATA_FOLDER}: set MARQUEE_TEST_DATA to the folder that holds it"
        if ON_CI:
            pytest.fail(message)
        pytest.skip(message)
    return DATA_FOLDER
