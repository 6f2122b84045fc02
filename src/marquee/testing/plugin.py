"""The pytest plugin of the suite: each test runs once for each engine that the test module names for its port.

A module that takes tests of the suite in has `ENGINES`, by port the engines to try, each with its kind (memory, embedded,
cluster), and a fixture `adapter` with `request.param` = (port, engine): a function from a port's name to a fresh adapter.
"""

import sys
from collections.abc import Mapping

import pytest

pytest.register_assert_rewrite("marquee.testing.suite")

CANNOT = "cannot(engine, what): what an engine cannot do; the test must fail there, until the engine can"
KINDS = {
    "memory": "adapters in memory",
    "embedded": "adapters in files of one machine",
    "cluster": "adapters over real services",
}


def pytest_configure(config: pytest.Config) -> None:
    """Make the marks known."""
    for line in (CANNOT, *(f"{kind}: {text}" for kind, text in KINDS.items())):
        config.addinivalue_line("markers", line)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that takes an adapter each engine of its port, or of all ports where it is of none."""
    engines: Mapping[str, Mapping[str, str]] | None = getattr(metafunc.module, "ENGINES", None)
    if engines is None or "adapter" not in metafunc.fixturenames:
        return
    own = getattr(sys.modules[metafunc.function.__module__], "PORT", None)
    pairs = [(port, engine, kind) for port in engines if own in (None, port) for engine, kind in engines[port].items()]
    named = ("adapter",) if own else ("adapter", "port")
    found = [
        pytest.param(
            (port, engine), *(() if own else (port,)), id=f"{port}-{engine}", marks=marks(metafunc, engine, kind)
        )
        for port, engine, kind in pairs
    ]
    metafunc.parametrize(named, found, indirect=["adapter"])


def marks(metafunc: pytest.Metafunc, engine: str, kind: str) -> list[pytest.MarkDecorator]:
    """Return the marks of a test for one engine: its kind, and that it must fail where the engine cannot."""
    missed = (AssertionError, pytest.fail.Exception)
    unable = [mark.args for mark in metafunc.definition.iter_markers("cannot") if mark.args[0] == engine]
    return [
        getattr(pytest.mark, kind),
        *(pytest.mark.xfail(reason=f"{engine} cannot {what}", raises=missed, strict=True) for _, what in unable),
    ]
