#!/bin/sh
# Starts Marquee in containers: `deploy/compose/up.sh [PROFILE...]`, all profiles without one. At the first start it makes
# every secret; they stay in deploy/compose/secrets, readable by you alone.
#   deploy/compose/up.sh bi           deploy/compose/up.sh secrets      docker compose --file deploy/compose/compose.yaml ps
set -eu
here=$(cd "$(dirname "$0")" && pwd)
secrets="$here/secrets"

python3 "$here/../make_secrets.py" files "$secrets"
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
