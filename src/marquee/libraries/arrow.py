"""Arrow schemas of the tables, from Python annotations."""

import types
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

import pyarrow as pa

from marquee.domain.tables import TABLES

PRIMITIVES = {int: pa.int64(), str: pa.string(), bool: pa.bool_()}


def arrow_type(hint: Any) -> pa.DataType:
    """Return the Arrow type of an annotation; TypeError for one that tables do not use."""
    if hint in PRIMITIVES:
        return PRIMITIVES[hint]
    if is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        return pa.struct([pa.field(field.name, arrow_type(hints[field.name])) for field in fields(hint)])
    arguments = get_args(hint)
    if get_origin(hint) is tuple:
        return pa.list_(arrow_type(arguments[0]))
    if get_origin(hint) is types.UnionType:
        return arrow_type(next(argument for argument in arguments if argument is not type(None)))
    raise TypeError(f"no Arrow type for {hint!r}")


def arrow_schema(table: str) -> pa.Schema:
    """Return a table's Arrow schema."""
    return pa.schema([pa.field(name, arrow_type(hint)) for name, hint in TABLES[table].columns.items()])
