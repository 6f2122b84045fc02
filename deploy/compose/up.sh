#!/bin/sh
# Starts Marquee in containers: `deploy/compose/up.sh [PROFILE...]`, all profiles without one. At the first start it makes
# every secret; they stay in deploy/compose/secrets, readable by you alone.
#   deploy/compose/up.sh bi           deploy/compose/up.sh secrets      docker compose --file deploy/compose/compose.yaml ps
set -eu
here=$(cd "$(dirname "$0")" && pwd)
secrets="$here/secrets"

random() { python3 -c 'import secrets; print(secrets.token_hex(32), end="")'; }
# Containers read these files as users of their own, so the folder guards them, not the files' modes.
keep() {
  [ -e "$secrets/$1" ] || { printf %s "$2" >"$secrets/$1" && chmod 644 "$secrets/$1"; }
}

mkdir -p "$secrets" && chmod 700 "$secrets"
for name in marquee_api_key mongo_key mongo_password redis_password airflow_password airflow_jwt grafana_password; do
  keep "$name" "$(random)"
done
keep airflow_fernet "$(python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())')"
keep marquee_mongo "mongodb://marquee:$(cat "$secrets/mongo_password")@mongo:27017/?replicaSet=marquee&authSource=admin"
keep marquee_redis "redis://:$(cat "$secrets/redis_password")@redis:6379/0"
keep airflow_database "postgresql+psycopg2://airflow:$(cat "$secrets/airflow_password")@airflow-database/airflow"
# What others give you: empty until you fill it in.
for name in tmdb_api_key pagerduty_routing_key slack_webhook; do
  keep "$name" ""
done
[ "${1:-}" != secrets ] || exit 0

if [ ! -s "$secrets/tmdb_api_key" ]; then
  echo "put TMDB's API Read Access Token into $secrets/tmdb_api_key: the cluster asks TMDB itself, nothing is simulated" >&2
  exit 2
fi
docker compose version >/dev/null 2>&1 || { echo "this needs Docker with its Compose plugin, 2.24 or newer" >&2; exit 2; }
[ $# -gt 0 ] || set -- core batch speed bi ops
for profile in "$@"; do
  case $profile in
    core | batch | speed | bi | ops) COMPOSE_PROFILES="${COMPOSE_PROFILES:+$COMPOSE_PROFILES,}$profile" ;;
    *) echo "there is no profile $profile: choose among core, batch, speed, bi, ops" >&2; exit 2 ;;
  esac
done
# The others stand on the stores of core.
COMPOSE_PROFILES="core,$COMPOSE_PROFILES"
export COMPOSE_PROFILES
docker compose --file "$here/compose.yaml" up --build --detach --wait
echo "Marquee: http://127.0.0.1:${MARQUEE_PORT:-8000}, key in $secrets/marquee_api_key"
