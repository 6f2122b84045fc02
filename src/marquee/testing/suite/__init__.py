"""One suite for every adapter of a port: a module for each port, whose tests take `adapter`, and what finds them all.

`adapter` is a fixture: a function from a port's name to a fresh, empty adapter. `from marquee.testing.suite.log import *` in
a test module with such a fixture holds its log to the contract; `marquee.testing.plugin` adds several engines at once.
"""

from collections.abc import Callable, Container
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

Make = Callable[[str], Any]
"""Makes a fresh adapter of a port."""


def every(ports: Container[str]) -> dict[str, Callable[..., Any]]:
    """Return all tests of these ports, and those that are of every port, by name."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    wanted = [module for module in modules if getattr(module, "PORT", None) is None or module.PORT in ports]
    return {name: value for module in wanted for name, value in vars(module).items() if name.startswith("test_")}
