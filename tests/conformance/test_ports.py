"""The suite of `marquee.testing` on every adapter in memory and in files; tests/cluster has it on real services."""

from tests import adapters

from marquee.testing.suite import every

ENGINES = adapters.engines("memory", "embedded")
adapter = adapters.adapter
globals().update(every(ENGINES))
