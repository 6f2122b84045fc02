"""The batch layer against a hand-written DuckDB script and against pandas; and a run with 1 % new events against a full one.

The work, for all three: from bronze (JSON in Parquet) keep the first copy of each event, make 5-minute cells of all
measures, roll them up the ladder, write gold, and write every film's cells as a JSON document. The scores of the
reviews are given: all three would spend the same time in the same scorer.
"""

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import table
from marquee.domain.events import RATINGS, REVIEWS
from marquee.domain.timeline import DAY, HOUR, ladder_cuts

FILMS, EVENTS = 50_000, 2_000_000
NOW = 1_773_489_600_000
TEXTS = 500


def bronze(topic: str, count: int, start: int, end: int, seed: int) -> pa.Table:
    """Make bronze rows with ingest times in [start, end): one in twenty is late, by up to 60 days.

    Films draw attention by Zipf's law."""
    rng = np.random.default_rng(seed)
    movies = (FILMS ** rng.random(count)).astype(np.int64)
    ingest = np.sort(rng.integers(start, end, count))
    age = np.where(rng.random(count) < 0.95, rng.integers(0, HOUR, count), rng.integers(0, 60 * DAY, count))
    event = ingest - age
    ids = rng.bytes(16 * count).hex()
    picks = rng.integers(0, TEXTS, count)
    bodies = []
    for n, (movie, at) in enumerate(zip(movies.tolist(), event.tolist(), strict=True)):
        name = ids[32 * n : 32 * n + 32]
        head = f'{{"event_id":"{name}","movie_id":{movie},"event_time":{at},"weight":1,"source":"b","identity":"{n}",'
        if topic == REVIEWS:
            tail = f'"revision":1,"digest":"d","author":"a","stars":{10 * (n % 11)},"text":"t{picks[n]}"}}'
        else:
            tail = f'"revision":1,"digest":"d","votes":{n},"average":7000,"popularity":{n % 999}}}'
        bodies.append(head + tail)
    hours = pd.to_datetime(ingest, unit="ms", utc=True)
    parts = {"year": hours.year, "month": hours.month, "day": hours.day, "hour": hours.hour}
    return pa.table(
        {
            "partition": pa.array(movies % 6, pa.int64()),
            "offset": pa.array(np.arange(count) + seed * 10_000_000, pa.int64()),
            "ingest_time": pa.array(ingest, pa.int64()),
            "body": bodies,
            **{name: pa.array(values.to_numpy().astype(np.int64), pa.int64()) for name, values in parts.items()},
        }
    )


def quick_scores(texts: Any) -> dict[str, list[int]]:
    """Score "t<n>" without reading it: the scorer is not what is compared."""
    values = [(int(text[1:]) * 37) % 20_001 - 10_000 for text in texts.to_pylist()]
    return {"compound": values, "sentence": values, "opinion": values}


MARQUEE = """
import sys, time
from pathlib import Path
import pyarrow.parquet as pq
from benchmarks import batch as b
from marquee.app import Platform
from marquee.batch import daily, publish, silver
from marquee.batch.tables import BRONZE
from marquee.domain.timeline import ManualClock, HOUR
from marquee.settings import Settings
silver.score_columns = b.quick_scores
if sys.argv[4] == "plain":
    publish.view_documents = daily.documents = lambda *given: iter(())
home, mode, now = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
platform = Platform(Settings(home=home), ManualClock(now))
for topic in BRONZE:
    path = home.parent / f"{mode}-{topic}.parquet"
    rows = pq.read_table(path) if path.exists() else None
    lake = platform.lake
    if rows is not None:
        lake.append(BRONZE[topic], rows, {"hour": str(now)})
    else:
        lake.append(BRONZE[topic], lake.arrow(lake.table(BRONZE[topic])).slice(0, 0), {"hour": str(now)})
layer = platform.batch()
began, wall = time.process_time(), time.perf_counter()
report = layer.run()
print("FIGURES", time.process_time() - began, time.perf_counter() - wall, report.report["counts"]["reviews"])
"""

LADDER = """CASE WHEN w >= {0} THEN 300000 WHEN w >= {1} THEN 3600000 WHEN w >= {2} THEN 86400000 ELSE 2419200000 END"""


def duckdb_script(folder: Path, now: int) -> None:
    """The same work as one hand-written script."""
    db = duckdb.connect(config={"threads": 2})
    cuts = ladder_cuts(now)
    common = '"event_id":"VARCHAR","movie_id":"BIGINT","event_time":"BIGINT",'
    reviews = f'{{{common}"weight":"BIGINT","stars":"BIGINT","text":"VARCHAR"}}'
    ratings = f'{{{common}"votes":"BIGINT","average":"BIGINT","popularity":"BIGINT"}}'
    db.execute(
        f"""CREATE TEMP TABLE r AS SELECT * EXCLUDE (n) FROM (
            SELECT *, row_number() OVER (PARTITION BY event_id ORDER BY ingest_time, "partition", "offset") n FROM (
            SELECT "partition", "offset", ingest_time, unnest(json_transform(body, '{reviews}'))
            FROM '{folder}/all-{REVIEWS}.parquet')) WHERE n = 1"""
    )
    db.execute(
        f"""CREATE TEMP TABLE g AS SELECT * EXCLUDE (n) FROM (
            SELECT *, row_number() OVER (PARTITION BY event_id ORDER BY ingest_time, "partition", "offset") n FROM (
            SELECT "partition", "offset", ingest_time, unnest(json_transform(body, '{ratings}'))
            FROM '{folder}/all-{RATINGS}.parquet')) WHERE n = 1"""
    )
    texts = [row[0] for row in db.execute("SELECT text FROM r").fetchall()]
    scores = [(int(text[1:]) * 37) % 20_001 - 10_000 for text in texts]
    ids = db.sql("SELECT event_id FROM r").fetch_arrow_table()["event_id"]
    scored = pa.table({"event_id": ids, "c": pa.array(scores, pa.int64())})
    db.register("scored", scored)
    db.execute(
        f"COPY (SELECT r.*, c FROM r JOIN scored USING (event_id)) TO '{folder}/sql-reviews.parquet' (COMPRESSION zstd)"
    )
    db.execute(f"COPY g TO '{folder}/sql-ratings.parquet' (COMPRESSION zstd)")
    db.execute(
        f"""CREATE TEMP TABLE cells AS SELECT movie_id, w - w % span AS w, span, sum(n)::BIGINT n, sum(p)::BIGINT p,
            sum(m)::BIGINT m,
            sum(f)::BIGINT f, sum(c)::BIGINT c, sum(q)::BIGINT q, sum(s)::BIGINT s, sum(d)::BIGINT d, sum(t)::BIGINT t,
            max(gauge) gauge FROM (SELECT *, {LADDER.format(*cuts)} AS span FROM (
            SELECT movie_id, event_time - event_time % 300000 w, weight n, weight * (c >= 500)::INT p,
                weight * (c <= -500)::INT m, weight * (c >= 860)::INT f, weight * c c, weight * c * c q, weight * c s,
                weight * (stars IS NOT NULL)::INT d, weight * coalesce(stars, 0) t, NULL gauge
            FROM r JOIN scored USING (event_id) UNION ALL
            SELECT movie_id, event_time - event_time % 300000, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                {{'at': event_time, 'o': "offset", 'v': votes, 'a': average, 'p': popularity}} FROM g))
            GROUP BY ALL"""
    )
    db.execute(
        f"COPY (SELECT *, year(epoch_ms(w)) y, month(epoch_ms(w)) mo FROM cells) TO '{folder}/sql-gold'"
        " (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (y, mo), OVERWRITE)"
    )
    documents = db.sql(
        "SELECT movie_id, to_json(list([w, span, n, p, m, f, c, q, s, d, t, gauge.at, gauge.o, gauge.v, gauge.a, gauge.p]"
        " ORDER BY w))::VARCHAR FROM cells GROUP BY movie_id"
    ).fetchall()
    store(folder / "sql-views.db", documents)


def store(path: Path, documents: list[tuple[int, str]]) -> None:
    path.unlink(missing_ok=True)
    views = sqlite3.connect(path)
    views.execute("CREATE TABLE documents (movie_id INTEGER PRIMARY KEY, body TEXT)")
    with views:
        views.executemany("INSERT INTO documents VALUES (?, ?)", documents)
    views.close()


def pandas_script(folder: Path, now: int) -> None:
    """The same work as a data scientist would write it."""
    frames = {}
    for topic in (REVIEWS, RATINGS):
        raw = pd.read_parquet(folder / f"all-{topic}.parquet")
        parsed = pd.DataFrame([json.loads(body) for body in raw["body"]])
        parsed[["partition", "offset", "ingest_time"]] = raw[["partition", "offset", "ingest_time"]].to_numpy()
        parsed = parsed.sort_values(["ingest_time", "partition", "offset"])
        frames[topic] = parsed.drop_duplicates("event_id")
    reviews, ratings = frames[REVIEWS].copy(), frames[RATINGS].copy()
    c = reviews["text"].str[1:].astype("int64") * 37 % 20_001 - 10_000
    reviews = reviews.assign(
        c=c,
        q=c * c,
        s=c,
        p=(c >= 500).astype(int),
        m=(c <= -500).astype(int),
        f=(c >= 860).astype(int),
        n=1,
        d=1,
        t=reviews["stars"],
    )
    reviews.drop(columns="text").to_parquet(folder / "pandas-reviews.parquet", compression="zstd")
    ratings.to_parquet(folder / "pandas-ratings.parquet", compression="zstd")
    cuts = ladder_cuts(now)
    for frame in (reviews, ratings):
        w = frame["event_time"] // 300_000 * 300_000
        frame["span"] = np.select([w >= cut for cut in cuts], [300_000, HOUR, DAY], 28 * DAY)
        frame["w"] = w // frame["span"] * frame["span"]
    keys = ["movie_id", "w", "span"]
    sums = reviews.groupby(keys)[["n", "p", "m", "f", "c", "q", "s", "d", "t"]].sum()
    latest = ratings.sort_values(["event_time", "offset"]).drop_duplicates(keys, keep="last").set_index(keys)
    gauges = latest[["event_time", "offset", "votes", "average", "popularity"]]
    cells = sums.join(gauges, how="outer").fillna(dict.fromkeys(sums.columns, 0)).reset_index()
    dates = pd.to_datetime(cells["w"], unit="ms")
    cells.assign(y=dates.dt.year, mo=dates.dt.month).to_parquet(
        folder / "pandas-gold", partition_cols=["y", "mo"], compression="zstd"
    )
    rows = cells.sort_values(["movie_id", "w"]).fillna(-1)
    values = rows.drop(columns="movie_id").astype("int64")
    documents = [
        (int(movie), json.dumps(values.loc[part.index].to_numpy().tolist())) for movie, part in rows.groupby("movie_id")
    ]
    store(folder / "pandas-views.db", documents)


OTHER = """
import sys, time
from pathlib import Path
from benchmarks import batch as b
began, wall = time.process_time(), time.perf_counter()
getattr(b, sys.argv[1])(Path(sys.argv[2]), int(sys.argv[3]))
print("FIGURES", time.process_time() - began, time.perf_counter() - wall, 0)
"""


def figures(program: str, *arguments: object) -> tuple[float, float]:
    """Run a program in a process of its own; return the CPU and wall seconds it found for its work."""
    command = [sys.executable, "-W", "ignore", "-c", program, *map(str, arguments)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    _, cpu, wall, _ = next(line for line in output.splitlines() if line.startswith("FIGURES")).split()
    return float(cpu), float(wall)


def run() -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start, end = NOW - 30 * DAY, NOW
        for topic, share, seed in ((REVIEWS, 0.25, 1), (RATINGS, 0.75, 2)):
            pq.write_table(bronze(topic, int(EVENTS * share), start, end, seed), folder / f"all-{topic}.parquet")
            pq.write_table(
                bronze(topic, int(EVENTS * share) // 100, end, end + 4 * HOUR, seed + 10),
                folder / f"new-{topic}.parquet",
            )
        began = time.perf_counter()
        ours, new = (
            figures(MARQUEE, folder / "home", mode, at, "plain") for mode, at in (("all", end), ("new", end + 4 * HOUR))
        )
        whole, whole_new = (
            figures(MARQUEE, folder / "views", mode, at, "views")
            for mode, at in (("all", end), ("new", end + 4 * HOUR))
        )
        sql = figures(OTHER, "duckdb_script", folder, end)
        pandas = figures(OTHER, "pandas_script", folder, end)
        print(f"batch benchmarks took {time.perf_counter() - began:.0f} s")
    rows = [
        ("program", "CPU s", "wall s", "CPU ratio", "goal"),
        ("Marquee, whole run without the views over all films", f"{ours[0]:.1f}", f"{ours[1]:.1f}", "1.0", ""),
        (
            "hand-written DuckDB script",
            f"{sql[0]:.1f}",
            f"{sql[1]:.1f}",
            f"Marquee is {ours[0] / sql[0]:.2f}x",
            "at most 1.5x",
        ),
        ("pandas", f"{pandas[0]:.1f}", f"{pandas[1]:.1f}", f"Marquee is 1/{pandas[0] / ours[0]:.1f}", "at most 1/5"),
        (
            "Marquee, 1 % new events, without them",
            f"{new[0]:.1f}",
            f"{new[1]:.1f}",
            f"1/{ours[0] / new[0]:.1f} of the whole run",
            "at most 1/10",
        ),
        ("Marquee, whole run with all views", f"{whole[0]:.1f}", f"{whole[1]:.1f}", f"{whole[0] / ours[0]:.2f}", ""),
        (
            "Marquee, 1 % new events, with them",
            f"{whole_new[0]:.1f}",
            f"{whole_new[1]:.1f}",
            f"1/{whole[0] / whole_new[0]:.1f} of that",
            "",
        ),
    ]
    return table(
        f"Batch: {FILMS:,} films, {EVENTS:,} events from bronze to stored answers",
        rows,
        "Marquee's runs include what the scripts leave out: the quality gates, film cards, run pins, Iceberg commits. "
        "The views over all films (daily sums, money, forecasts, anomalies and so on) are not in the scripts.",
    )
