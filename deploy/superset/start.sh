#!/bin/sh
# Prepares Superset in a folder of its own (a secret key and a password made at the first start), imports the
# dashboards, and serves them. `start.sh prepare` stops before serving, `start.sh serve` serves what is prepared.
#   MARQUEE_SUPERSET  the folder            MARQUEE_EXPORT  the file that `marquee export` writes
#   SUPERSET_BIND     address (127.0.0.1)   SUPERSET_PORT   port (8088)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${MARQUEE_SUPERSET:?is not set: name the folder of Superset\'s state}"
: "${MARQUEE_EXPORT:?is not set: name the file that marquee export writes}"
export MARQUEE_SUPERSET MARQUEE_EXPORT
# Superset keeps what it makes in that folder, and asks for no home of its user.
export SUPERSET_HOME="$MARQUEE_SUPERSET"
export SUPERSET_CONFIG_PATH="$here/superset_config.py" FLASK_APP="superset.app:create_app()"

umask 077
mkdir -p "$MARQUEE_SUPERSET"
for secret in secret_key admin_password; do
  [ -s "$MARQUEE_SUPERSET/$secret" ] || python -c 'import secrets; print(secrets.token_urlsafe(32))' >"$MARQUEE_SUPERSET/$secret"
done

if [ "${1:-}" != serve ]; then
  said="$MARQUEE_SUPERSET/prepare.log"
  if ! {
    superset db upgrade &&
      superset init &&
      python "$here/admin.py" &&
      python -m zipfile -c "$MARQUEE_SUPERSET/bundle.zip" "$here/bundle" &&
      superset import-dashboards --username admin --path "$MARQUEE_SUPERSET/bundle.zip"
  } >"$said" 2>&1; then
    echo "Superset could not be prepared; the end of $said:" >&2
    tail -n 20 "$said" >&2
    exit 1
  fi
fi
[ "${1:-}" != prepare ] || exit 0

echo "Superset: http://${SUPERSET_BIND:-127.0.0.1}:${SUPERSET_PORT:-8088}, user admin, password in $MARQUEE_SUPERSET/admin_password"
exec gunicorn --bind "${SUPERSET_BIND:-127.0.0.1}:${SUPERSET_PORT:-8088}" --workers 1 --worker-class gthread --threads 8 \
  --timeout 120 --log-level warning "$FLASK_APP"
