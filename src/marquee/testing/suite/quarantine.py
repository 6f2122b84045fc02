"""What a quarantine owes."""

import pytest

from marquee.domain.records import Rejected
from marquee.testing.events import NOON
from marquee.testing.suite import MEMORY, Make

PORT = "quarantine"


def test_a_quarantine_counts_a_repeated_row_once(adapter: Make) -> None:
    quarantine = adapter(PORT)
    assert (quarantine.counts(), quarantine.rows(5)) == ({}, [])
    quarantine.add([Rejected("s", "bad", "x\ud800"), Rejected("s", "bad", "y")], NOON)
    quarantine.add([Rejected("s", "bad", "y"), Rejected("s", "worse", "y", "7 Seven", "budget", 5)], NOON + 1)
    assert quarantine.counts() == {"bad": 2, "worse": 5}
    newest = quarantine.rows(2)
    assert {(row["reason"], row["times"]) for row in newest} == {("bad", 2), ("worse", 1)}
    assert {(row["film"], row["column"], row["rows"]) for row in newest} == {("", "", 1), ("7 Seven", "budget", 5)}
    repeated = next(row for row in newest if row["reason"] == "bad")
    assert (repeated["first_at"], repeated["last_at"], repeated["raw"]) == (NOON, NOON + 1, "y")


def test_a_quarantine_counts_what_is_too_many(adapter: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    quarantine = adapter(PORT)
    monkeypatch.setattr(quarantine, "most", 3)
    quarantine.add([Rejected("s", "bad", str(number)) for number in range(5)], NOON)
    quarantine.add([Rejected("s", "bad", "0"), Rejected("s", "bad", "7", rows=10), Rejected("t", "bad", "0")], NOON)
    assert quarantine.counts() == {"bad": 16}
    assert len({row["raw"] for row in quarantine.rows(100)} & set("01234567")) == 3
    assert sum(int(row["rows"]) for row in quarantine.rows(100)) == 16, "the rows show all that is counted"


@MEMORY
def test_a_quarantine_is_there_for_who_comes_next(adapter: Make) -> None:
    adapter(PORT, "one").add([Rejected("s", "bad", "x")], NOON)
    adapter(PORT, "one").add([Rejected("s", "bad", "x")], NOON)
    assert [row["times"] for row in adapter(PORT, "one").rows(5)] == [2]
