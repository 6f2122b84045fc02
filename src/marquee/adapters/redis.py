"""What the processes of a cluster share through Redis: answers, rate limits, TMDB's budget.

Nothing here is the truth of anything: when Redis is away its users go on alone, and it is asked again a little later.
"""

import logging
import time
from collections.abc import Callable, Hashable
from typing import Any

import redis
import redis.asyncio
from redis.exceptions import RedisError

from marquee.domain.limits import Allowance, RateLimit
from marquee.ports.budget import LONGEST_WAIT, Slots

PREFIX = "marquee:"
PATIENCE_SECONDS = 0.25
"""How long an answer of Redis is worth waiting for."""

AWAY_SECONDS = 5.0
log = logging.getLogger(__name__)

TAKE = """
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1e6
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = math.max(now, tonumber(redis.call('GET', KEYS[1]) or now)) + interval
local ahead = due - now
if ahead <= burst * interval + 1e-9 then
  redis.call('SET', KEYS[1], string.format('%.6f', due), 'PX', math.ceil(ahead * 1000) + 1)
end
return tostring(ahead)
"""
"""The generic cell rate algorithm of `limits.RateLimit`: how far ahead (s) the request would bring its key."""

RESERVE = """
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1e6
local slot = math.max(now, tonumber(redis.call('GET', KEYS[1]) or now))
redis.call('SET', KEYS[1], string.format('%.6f', slot + tonumber(ARGV[1])), 'EX', ARGV[2])
return tostring(slot - now)
"""

PENALISE = """
local now = redis.call('TIME')
local free = tonumber(now[1]) + tonumber(now[2]) / 1e6 + tonumber(ARGV[1])
if free > tonumber(redis.call('GET', KEYS[1]) or 0) then
  redis.call('SET', KEYS[1], string.format('%.6f', free), 'EX', ARGV[2])
end
"""


class Reach:
    """Whether Redis is worth asking: after a failure it is left alone for some seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.away_until = 0.0

    @property
    def here(self) -> bool:
        """Whether to ask."""
        return self.clock() >= self.away_until

    def lost(self, error: Exception) -> None:
        """Note a failure."""
        self.away_until = self.clock() + AWAY_SECONDS
        log.warning("Redis does not answer, so each process goes on alone: %s", error)


class RedisAnswers:
    """Finished answers for all API processes."""

    def __init__(self, address: str, reach: Reach) -> None:
        self.client = redis.asyncio.Redis.from_url(
            address, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
        )
        self.reach = reach

    async def get(self, key: str) -> bytes | None:
        """Return a kept answer."""
        if not self.reach.here:
            return None
        try:
            found = await self.client.get(PREFIX + key)
        except (RedisError, OSError) as error:
            self.reach.lost(error)
            return None
        return found if isinstance(found, bytes) else None

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keep an answer for some seconds."""
        if not self.reach.here:
            return
        try:
            await self.client.set(PREFIX + key, value, px=max(1, round(seconds * 1000)))
        except (RedisError, OSError) as error:
            self.reach.lost(error)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.client.aclose()


class Asked:
    """Runs scripts in Redis, while it is there."""

    def __init__(self, address: str, reach: Reach) -> None:
        self.client = redis.Redis.from_url(
            address, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
        )
        self.reach = reach

    def ask(self, script: str, key: str, *arguments: float) -> Any:
        """Return what a script says, None where Redis is away."""
        if not self.reach.here:
            return None
        try:
            return self.client.eval(script, 1, PREFIX + key, *arguments) or b""
        except (RedisError, OSError) as error:
            self.reach.lost(error)
            return None

    def close(self) -> None:
        """Let go of the connections."""
        self.client.close()


class RedisRateLimit(RateLimit):
    """One limit for all API processes; without Redis, one for each."""

    def __init__(self, asked: Asked, now: Callable[[], float]) -> None:
        super().__init__(now)
        self.asked = asked

    def take(self, key: Hashable) -> Allowance:
        """Ask for one request."""
        said = self.asked.ask(TAKE, f"limit:{key}", self.interval, self.burst)
        return super().take(key) if said is None else self.allowance(float(said))


class RedisBudget:
    """TMDB's budget over all machines; without Redis, over the processes of this home."""

    KEY = "tmdb:free-at"

    def __init__(self, asked: Asked, own: Slots, rate: float) -> None:
        self.asked = asked
        self.own = own
        self.rate = rate

    def reserve(self) -> float:
        """Take the next free slot; return how long to wait for it, in seconds."""
        said = self.asked.ask(RESERVE, self.KEY, 1 / self.rate, int(LONGEST_WAIT))
        return self.own.reserve() if said is None else float(said)

    def penalise(self, seconds: float) -> None:
        """Let nobody ask for some seconds: TMDB said so."""
        if self.asked.ask(PENALISE, self.KEY, min(seconds, LONGEST_WAIT - 1), int(LONGEST_WAIT)) is None:
            self.own.penalise(seconds)
