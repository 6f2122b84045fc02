"""How long what is held is kept. What leaves silver goes into gold's base, and counts for ever."""

from dataclasses import dataclass

from marquee.domain.timeline import DAY, YEAR


@dataclass(frozen=True, slots=True)
class Retention:
    """Times in ms: of the log's records, bronze's and silver's rows, each from their ingest hour."""

    log: int = 7 * DAY
    bronze: int = 90 * DAY
    silver: int = 2 * YEAR

    def words(self) -> str:
        """Say it to a person."""
        return f"{self.log // DAY} days of the log, {self.bronze // DAY} of bronze, {self.silver // DAY} of silver"


USUAL = Retention()
