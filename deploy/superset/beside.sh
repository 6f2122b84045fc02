#!/bin/sh
# Superset beside a platform of this machine: the answers are exported anew every minute while it runs.
set -eu
home=$(cd -- "${MARQUEE_HOME:-.marquee}" 2>/dev/null && pwd) || { echo "there is no home at ${MARQUEE_HOME:-.marquee}: start with make run" >&2; exit 2; }
export MARQUEE_SUPERSET="${MARQUEE_SUPERSET:-$home/superset}" MARQUEE_EXPORT="$home/export/marquee.duckdb"
"$MARQUEE" export "$MARQUEE_EXPORT" --home "$home"
"$MARQUEE" export "$MARQUEE_EXPORT" --home "$home" --every 60 2>/dev/null &
trap 'kill $! 2>/dev/null' EXIT INT TERM
"$(dirname "$0")/start.sh"
