"""CPU and wall time of a piece of work, and tables of figures."""

import time
from collections.abc import Callable, Sequence


def cpu(work: Callable[[], object]) -> tuple[float, float]:
    """Return (CPU seconds of this process, wall seconds) of one call."""
    cpu_began, wall_began = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu_began, time.perf_counter() - wall_began


def table(title: str, rows: Sequence[Sequence[object]], note: str = "") -> str:
    """Return a Markdown section; the first row is the heading."""
    head, *body = [[str(cell) for cell in row] for row in rows]
    lines = [f"## {title}", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(row)} |" for row in body]
    return "\n".join([*lines, *(["", note] if note else []), ""])
