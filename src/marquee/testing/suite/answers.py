"""What shared answers owe."""

import asyncio
import time

from marquee.testing.suite import MEMORY, Make

PORT = "answers"


def test_an_answer_is_kept_for_its_time(adapter: Make) -> None:
    async def run() -> None:
        answers = adapter(PORT)
        try:
            assert await answers.get("a") is None
            await answers.put("a", b"\x00one", 60)
            await answers.put("b", b"", 60)
            await answers.put("a", b"two", 60)
            assert [await answers.get(key) for key in ("a", "b", "c")] == [b"two", b"", None]
            await answers.put("short", b"x", 0.05)
            until = time.monotonic() + 10
            while await answers.get("short") is not None:
                assert time.monotonic() < until, "it is kept for ever"
                await asyncio.sleep(0.01)
        finally:
            await answers.close()

    asyncio.run(run())


@MEMORY
def test_an_answer_is_there_for_another_process(adapter: Make) -> None:
    async def run() -> None:
        one, other = adapter(PORT, "one"), adapter(PORT, "one")
        try:
            await one.put("a", b"x", 60)
            assert await other.get("a") == b"x"
        finally:
            await one.close()
            await other.close()

    asyncio.run(run())
