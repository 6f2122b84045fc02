"""The suite of `marquee.testing` on every adapter over a real service: the tests that memory and files pass."""

import pytest
from tests import adapters

from marquee.testing.suite import every

# PySpark's sockets are closed by the collector, and its worker processes by Spark.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ENGINES = adapters.engines("cluster")
adapter = adapters.adapter
globals().update(every(ENGINES))
