"""What a version makes of the same events. A lake that another version made is made anew, as far as its rows are held."""

import json

from marquee.domain import documents as kinds
from marquee.domain.measures import STATE_COLUMNS
from marquee.domain.tables import SILVER, TABLES
from marquee.libraries.scoring import scorer_name


def shape() -> str:
    """Return a text that changes with the measures, silver's columns, the scorer and the published documents."""
    made = {
        "state": STATE_COLUMNS,
        "silver": {name: sorted(TABLES[name].columns) for name in SILVER.values()},
        "scorer": scorer_name(),
        "documents": kinds.VERSIONS,
    }
    return json.dumps(made, sort_keys=True)
