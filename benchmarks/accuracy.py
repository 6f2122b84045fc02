"""`python -m benchmarks.accuracy DATA`: how good the answers are, on real data; writes docs/accuracy.md."""

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import forecasts, ratings, recommendations, searches, sentiments, trends

PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"
HEAD = """# Accuracy

Made by `make accuracy`, which needs the data sets named in each part (they are not in this repository) in the folder
`MARQUEE_TEST_DATA`, or in `../shared/data`. Everything that was chosen was chosen on other data than it is measured
on. A goal that is missed stands here as it is.

"""
PARTS: dict[str, Callable[[Path], str]] = {
    "trends": trends.run,
    "forecasts": forecasts.run,
    "sentiments": sentiments.run,
    "recommendations": recommendations.run,
    "ratings": ratings.run,
    "search": searches.run,
}


def main() -> None:
    data, chosen = Path(sys.argv[1]), sys.argv[2:] or list(PARTS)
    if not data.is_dir():
        sys.exit(f"no data at {data}: set MARQUEE_TEST_DATA to the folder that holds it")
    parts = []
    for name in chosen:
        print(f"== {name}", flush=True)
        parts.append(PARTS[name](data))
        print(parts[-1], flush=True)
    if chosen == list(PARTS):
        PAGE.write_text(HEAD + "\n".join(parts))


if __name__ == "__main__":
    main()
