"""Every adapter has each public method of its port, with the same parameters by name, kind and default."""

import inspect
from typing import Any

from marquee import ports
from marquee.testing.suite import Make

PROTOCOLS: dict[str, type] = {
    "answers": ports.SharedAnswers,
    "budget": ports.Slots,
    "crawl": ports.CrawlMemory,
    "index": ports.IdentityIndex,
    "keys": ports.Keys,
    "lake": ports.Lake,
    "limits": ports.Limits,
    "log": ports.Log,
    "own": ports.OwnFilms,
    "quarantine": ports.Quarantine,
    "releases": ports.Releases,
    "runs": ports.Runs,
    "speed_store": ports.SpeedStore,
    "speed_views": ports.SpeedViews,
    "views": ports.BatchViews,
}
"""What a port's name stands for."""


def differences(protocol: type, kind: type) -> list[str]:
    """Return in words how a class differs from a protocol."""
    told = []
    for name in sorted(name for name in dir(protocol) if not name.startswith("_")):
        wanted, held = getattr(protocol, name), getattr(kind, name, None)
        if held is None:
            told.append(f"{kind.__name__} has no {name}")
        elif shape(held) != shape(wanted):
            told.append(f"{kind.__name__}.{name}{shape(held)} is not the port's {name}{shape(wanted)}")
    return told


def shape(method: Any) -> tuple[Any, ...]:
    """Return the parameters of a method, and whether it is awaited."""
    held = inspect.signature(method).parameters.values()
    return inspect.iscoroutinefunction(method), *((one.name, one.kind.name, one.default) for one in held)


def test_every_method_of_the_port_is_there_as_the_port_has_it(adapter: Make, port: str) -> None:
    made = adapter(port)
    assert differences(PROTOCOLS[port], type(made)) == []
    if port == "views":
        with made.snapshot() as held:
            assert differences(ports.ViewsSnapshot, type(held)) == []
