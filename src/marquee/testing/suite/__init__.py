"""One suite for every adapter of a port: a module for each port, whose tests take `adapter`, and what finds them all.

`from marquee.testing.suite.log import *` in a test module with a fixture `adapter` (`Make`) holds its log to the contract, once
`marquee.testing.plugin` is loaded.
"""

from collections.abc import Callable, Container
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol

import pytest


class Make(Protocol):
    """What the fixture `adapter` returns: it makes adapters of the engine under test."""

    def __call__(self, port: str, store: str | None = None) -> Any:
        """Make an adapter of a port over an empty store; with a name, over the store that got this name in the same test."""
        ...


MEMORY = pytest.mark.cannot("memory", "be shared, or outlive its process")


def every(ports: Container[str]) -> dict[str, Callable[..., Any]]:
    """Return all tests of these ports, and those that are of every port, by name."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    wanted = [module for module in modules if getattr(module, "PORT", None) is None or module.PORT in ports]
    return {name: value for module in wanted for name, value in vars(module).items() if name.startswith("test_")}
