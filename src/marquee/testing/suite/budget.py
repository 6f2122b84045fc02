"""What a budget of requests owes. The adapter's rate is `RATE`; its clock may be its own, so that times are nearly so."""

import pytest

from marquee.ports.budget import LONGEST_WAIT
from marquee.testing.suite import MEMORY, Make

PORT = "budget"
RATE = 4.0
"""Requests a second of an adapter under test."""


def test_slots_are_spaced_evenly(adapter: Make) -> None:
    budget = adapter(PORT)
    waits = [budget.reserve() for _ in range(6)]
    assert waits == pytest.approx([0, 0.25, 0.5, 0.75, 1.0, 1.25], abs=0.2)
    assert waits == sorted(waits)


def test_a_penalty_holds_for_everybody_and_never_shortens_a_wait(adapter: Make) -> None:
    budget = adapter(PORT)
    budget.penalise(30)
    budget.penalise(3)
    assert budget.reserve() == pytest.approx(30, abs=0.5)
    assert budget.reserve() == pytest.approx(30.25, abs=0.5)


def test_nobody_waits_for_ever_for_what_a_source_asked(adapter: Make) -> None:
    budget = adapter(PORT)
    budget.penalise(10**9)
    assert LONGEST_WAIT - 5 < budget.reserve() <= LONGEST_WAIT


@MEMORY
def test_a_budget_is_one_for_all_who_share_it(adapter: Make) -> None:
    one, other = adapter(PORT, "one"), adapter(PORT, "one")
    waits = [budget.reserve() for budget in (one, other, one, other)]
    assert waits == pytest.approx([0, 0.25, 0.5, 0.75], abs=0.2)
    one.penalise(30)
    assert other.reserve() == pytest.approx(30, abs=0.5)
