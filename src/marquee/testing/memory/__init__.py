"""Adapters in plain Python memory: what the others are compared with, and what fast tests run on.

A rate limit in memory is `domain.limits.RateLimit`; tables with their engine are `testing.memory.lake.MemoryLake`.
"""

from marquee.testing.memory.answers import MemoryAnswers
from marquee.testing.memory.budget import MemoryBudget
from marquee.testing.memory.crawl import MemoryCrawl
from marquee.testing.memory.imports import MemoryOwnFilms, MemoryReleases
from marquee.testing.memory.index import MemoryIndex
from marquee.testing.memory.keys import MemoryKeys
from marquee.testing.memory.log import MemoryLog
from marquee.testing.memory.quarantine import MemoryQuarantine
from marquee.testing.memory.runs import MemoryRuns
from marquee.testing.memory.speed import MemorySpeedStore, MemorySpeedViews
from marquee.testing.memory.views import MemorySnapshot, MemoryViews

__all__ = [
    "MemoryAnswers",
    "MemoryBudget",
    "MemoryCrawl",
    "MemoryIndex",
    "MemoryKeys",
    "MemoryLog",
    "MemoryOwnFilms",
    "MemoryQuarantine",
    "MemoryReleases",
    "MemoryRuns",
    "MemorySnapshot",
    "MemorySpeedStore",
    "MemorySpeedViews",
    "MemoryViews",
]
