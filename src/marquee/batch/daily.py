"""Daily sums of every film: what roll-ups by genre, year, tier and language over months and years are made of."""

from collections.abc import Iterator
from typing import Any

import ibis
import numpy as np
import orjson

from marquee.domain.calendar import covering, hour_start, month_of
from marquee.domain.documents import DAILY, DAILY_COLUMNS, Document
from marquee.domain.measures import SUMS
from marquee.domain.tables import CELLS
from marquee.domain.timeline import DAY, ladder_cuts
from marquee.ports import Lake


def month_key(partition: dict[str, int]) -> int:
    """Return the key of a month's document: months since the year 0."""
    return partition["year"] * 12 + partition["month"] - 1


def by_day(cells: Any) -> Any:
    """Merge cells, in Ibis, to one row of sums per film and day (since 1970) on which anything was counted."""
    counted = cells.filter(cells.span <= DAY)
    counted = counted.mutate(day=counted.window // DAY).group_by(["movie_id", "day"])
    sums = counted.agg(**{name: cells[name].fill_null(0).sum().cast("int64") for name in SUMS})
    return sums.filter(ibis.or_(*(sums[name] != 0 for name in SUMS)))


def documents(lake: Lake, touched: list[int], top: int) -> Iterator[Document]:
    """Yield the documents of the months in which these days (ms) lie, as far as gold holds days. top: the ladder's."""
    oldest = ladder_cuts(top)[-1]
    months = {month_key(month_of(day)): month_of(day) for day in touched if day >= oldest}
    for key, month in sorted(months.items()):
        start = hour_start(month)
        end = hour_start(month_of(start + 32 * DAY))
        cells = lake.table(CELLS, covering(start, end, days=False))
        rows = by_day(cells.filter((cells.window >= start) & (cells.window < end)))
        table = lake.arrow(rows.order_by(["day", "movie_id"]))
        body = {name: np.ascontiguousarray(table.column(name).to_numpy()) for name in DAILY_COLUMNS}
        yield DAILY, key, orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
