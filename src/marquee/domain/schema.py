"""Avro schemas of the topics, derived from the event dataclasses: one source for every wire and table."""

import types
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

import orjson

from marquee.domain.codec import encode
from marquee.domain.events import TOPICS, Event

NAMESPACE = "marquee.events"
PRIMITIVES = {int: "long", str: "string", bool: "boolean"}


def avro_schema(topic: str) -> dict[str, Any]:
    """Return the Avro record schema of a topic (Avro 1.11 specification, as a JSON-ready dict).

    Optional fields are unions with null first and default to null, so that adding one stays BACKWARD compatible.
    """
    return record_schema(TOPICS[topic], set())


def avro_record(event: Event) -> dict[str, Any]:
    """Return an event as Avro writes it: with lists for its tuples, which a union would not know."""
    record: dict[str, Any] = orjson.loads(encode(event))
    return record


def record_schema(kind: type, seen: set[str]) -> dict[str, Any]:
    """Return the Avro record of a dataclass; a record named before in `seen` is referred to by name."""
    seen.add(kind.__name__)
    hints = get_type_hints(kind)
    result: dict[str, Any] = {"type": "record", "name": kind.__name__, "namespace": NAMESPACE, "fields": []}
    for field in fields(kind):
        entry: dict[str, Any] = {"name": field.name, "type": type_schema(hints[field.name], seen)}
        if isinstance(entry["type"], list):
            entry["default"] = None
        elif field.default is not MISSING:
            entry["default"] = list(field.default) if isinstance(field.default, tuple) else field.default
        result["fields"].append(entry)
    return result


def type_schema(hint: Any, seen: set[str]) -> Any:
    """Return the Avro type of a Python annotation; TypeError for one that events do not use."""
    if hint in PRIMITIVES:
        return PRIMITIVES[hint]
    if is_dataclass(hint) and isinstance(hint, type):
        return f"{NAMESPACE}.{hint.__name__}" if hint.__name__ in seen else record_schema(hint, seen)
    arguments = get_args(hint)
    if get_origin(hint) is tuple and arguments[1:] == (Ellipsis,):
        return {"type": "array", "items": type_schema(arguments[0], seen)}
    if get_origin(hint) in (types.UnionType,) and type(None) in arguments:
        inner = next(argument for argument in arguments if argument is not type(None))
        return ["null", type_schema(inner, seen)]
    raise TypeError(f"no Avro type for {hint!r}")
