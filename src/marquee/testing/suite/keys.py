"""What the keys of the API owe."""

from dataclasses import replace

from marquee.domain.keys import ApiKey
from marquee.testing.events import NOON
from marquee.testing.suite import MEMORY, Make

PORT = "keys"


def test_a_key_is_found_by_its_secret_alone_until_it_is_revoked(adapter: Make) -> None:
    keys = adapter(PORT)
    assert not keys.any_standing()
    secret, other = keys.create("one", ("read",), NOON), keys.create("two", ("read", "operate"), NOON + 1)
    first = ApiKey(keys.list()[0].id, "one", ("read",), NOON, None, None)
    assert keys.find(secret, NOON) == first
    assert keys.find(other, NOON + 1).scopes == ("read", "operate")
    assert [keys.find(wrong, NOON) for wrong in ("", secret[:-1], secret + "x", "one", "\ud800")] == [None] * 5
    assert secret not in repr(keys.list())
    assert keys.revoke(first.id, NOON + 2)
    assert not keys.revoke(first.id, NOON + 3)
    assert not keys.revoke(10**6, NOON)
    assert keys.find(secret, NOON + 2) is None
    assert keys.list()[0] == replace(first, revoked_at=NOON + 2)
    assert keys.any_standing()
    keys.revoke(keys.list()[1].id, NOON)
    assert not keys.any_standing()


def test_a_key_stands_until_it_expires_and_is_asked_for_after_that(adapter: Make) -> None:
    keys = adapter(PORT)
    secret = keys.create("one", ("read",), NOON, expires_at=NOON + 10)
    assert keys.find(secret, NOON + 9) is not None
    assert keys.find(secret, NOON + 10) is None
    assert keys.any_standing()


@MEMORY
def test_a_key_is_made_by_one_process_and_asked_for_by_another(adapter: Make) -> None:
    maker, guard = adapter(PORT, "one"), adapter(PORT, "one")
    secret = maker.create("one", ("read",), NOON)
    found = guard.find(secret, NOON)
    assert found is not None
    maker.revoke(found.id, NOON)
    assert guard.find(secret, NOON) is None
