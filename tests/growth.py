"""How the cost of a piece of work grows with what it is given, in CPU time, which other processes hardly disturb."""

import time
from collections.abc import Callable
from typing import Any

TIMES = 4
"""How much larger the large input is than the small one: linear work takes 4 times as long, quadratic work 16 times."""

MOST = 8.0
TRIES = 3


def cost(work: Callable[[Any], object], given: Any) -> float:
    """Return the CPU seconds of one call."""
    began = time.process_time()
    work(given)
    return time.process_time() - began


def growth(work: Callable[[Any], object], small: Any, large: Any) -> float:
    """Return the least ratio seen of the costs of a large and a small input; it stops where that is clearly linear."""
    least = float("inf")
    for _ in range(TRIES):
        least = min(least, cost(work, large) / max(cost(work, small), 1e-4))
        if least < MOST:
            break
    return least


def linear(work: Callable[[Any], object], text: Callable[[int], Any], size: int) -> bool:
    """Say whether the work on text(n) grows no faster than n, from `size` to four times as much."""
    return growth(work, text(size), text(TIMES * size)) < MOST
