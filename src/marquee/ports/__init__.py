"""What the platform needs of its engines and stores, as protocols.

`marquee.testing.suite` holds every adapter to them.
"""

from marquee.ports.answers import SharedAnswers
from marquee.ports.budget import Slots
from marquee.ports.crawl import CrawlMemory
from marquee.ports.identities import IdentityIndex
from marquee.ports.imports import OwnFilms, Releases
from marquee.ports.keys import Keys
from marquee.ports.lake import Engine, Lake, Tables
from marquee.ports.limits import Limits
from marquee.ports.log import Log
from marquee.ports.quarantine import Quarantine
from marquee.ports.runs import Runs
from marquee.ports.speed import Speed, SpeedStore, SpeedViews
from marquee.ports.views import BatchViews, ViewsSnapshot

__all__ = [
    "BatchViews",
    "CrawlMemory",
    "Engine",
    "IdentityIndex",
    "Keys",
    "Lake",
    "Limits",
    "Log",
    "OwnFilms",
    "Quarantine",
    "Releases",
    "Runs",
    "SharedAnswers",
    "Slots",
    "Speed",
    "SpeedStore",
    "SpeedViews",
    "Tables",
    "ViewsSnapshot",
]
