"""kill -9 at named points of a real process: after a restart nothing is lost and nothing is doubled."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import orjson
import pytest
from tests.conftest import NOON
from tests.crash.scenario import HOURS, POINTS

from marquee.app import Platform
from marquee.domain.timeline import HOUR, ManualClock
from marquee.settings import load
from marquee.watch import audit

ROOT = Path(__file__).parents[2]
CYCLES = [
    (seed, point, 1 + Random(f"{seed}/{point}").randrange(limit))
    for seed, point, limit in (
        (1, "before log append", 8),
        (1, "after log append", 8),
        (1, "before index apply", 8),
        (2, "after index apply", 8),
        (1, "before lake commit", 20),
        (2, "after lake commit", 20),
        (3, "before lake commit", 9),
        (3, "after lake commit", 9),
        (1, "before publish", 3),
        (2, "inside publish", 3),
        (3, "after publish", 3),
        (1, "before speed write", 8),
        (2, "after speed write", 8),
        (2, "before speed sync", 8),
        (3, "after speed sync", 8),
        (1, "after seal", 3),
        (2, "before trim", 3),
        (3, "after log append", 8),
    )
]


def live(home: Path, seed: int, *fate: str) -> int:
    """Run the scenario in a process of its own; return its exit code."""
    arguments = [sys.executable, "-m", "tests.crash.scenario", str(home), str(seed), *fate]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MARQUEE_")}
    return subprocess.run(arguments, cwd=ROOT, env={**environment, "PYTHONPATH": str(ROOT)}, check=False).returncode


def digest(home: Path) -> str:
    """Return a digest of every answer of a home, after checking them against the reference."""
    platform = Platform(load(home=home), ManualClock(NOON + (HOURS + 1) * HOUR))
    query = platform.query()
    query.refresh()
    assert query.world.coverage().complete
    reference = audit.build_reference(platform, query)
    digest = hashlib.blake2b()
    for name, given, wanted in audit.compared(query, reference, range(1, 13), platform.clock.now()):
        assert orjson.dumps(given) == orjson.dumps(wanted), name
        digest.update(orjson.dumps([name, given]))
    return digest.hexdigest()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    return {}


@pytest.mark.parametrize(
    ("seed", "point", "count"), CYCLES, ids=[f"{c[0]}-{c[1].replace(' ', '-')}-{c[2]}" for c in CYCLES]
)
def test_a_killed_process_loses_and_doubles_nothing(
    tmp_path: Path, undisturbed: dict[int, str], seed: int, point: str, count: int
) -> None:
    assert point.split(" ", 1)[1] in POINTS
    if seed not in undisturbed:
        assert live(tmp_path / "whole", seed) == 0
        undisturbed[seed] = digest(tmp_path / "whole")
    assert live(tmp_path / "killed", seed, point, str(count)) == -signal.SIGKILL
    assert live(tmp_path / "killed", seed) == 0
    assert digest(tmp_path / "killed") == undisturbed[seed]
