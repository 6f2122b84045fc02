#!/bin/sh
# Marquee on Kubernetes, by the present context of kubectl:
#   deploy.sh deploy [dev|prod]    makes the Secret at the first time, applies all, and waits until all is ready
#   deploy.sh status [dev|prod]    what runs, and what Marquee says of itself
#   deploy.sh clean  [dev|prod]    removes all but data and secrets; with --data those too
#   deploy.sh render [dev|prod]    prints what would be applied
# TMDB_API_KEY is TMDB's API Read Access Token; PAGERDUTY_ROUTING_KEY and SLACK_WEBHOOK are where alerts go. They are read
# at the first time only. TIMEOUT is how long each part may take to get ready (default 15m).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
what=${1:-} overlay=${2:-dev} timeout=${TIMEOUT:-15m}
case $overlay in
  dev) namespace=marquee-dev ;;
  prod) namespace=marquee ;;
  *) echo "there is no overlay $overlay: choose dev or prod" >&2; exit 2 ;;
esac
command -v kubectl >/dev/null || { echo "this needs kubectl, 1.27 or newer" >&2; exit 2; }

render() { kubectl kustomize --load-restrictor LoadRestrictionsNone "$here/overlays/$overlay"; }
in_namespace() { kubectl --namespace "$namespace" "$@"; }

secret() {
  if in_namespace get secret marquee >/dev/null 2>&1; then
    return
  fi
  if [ -z "${TMDB_API_KEY:-}" ]; then
    echo "set TMDB_API_KEY to TMDB's API Read Access Token: the cluster asks TMDB itself, nothing is simulated" >&2
    exit 2
  fi
  python3 "$here/../make_secrets.py" kubernetes "$namespace" | kubectl apply --server-side --filename -
}

case $what in
  render) render ;;
  deploy)
    kubectl create namespace "$namespace" --dry-run=client --output yaml | kubectl apply --server-side --filename -
    kubectl label namespace "$namespace" --overwrite pod-security.kubernetes.io/enforce=restricted >/dev/null
    secret
    # A Job cannot be changed: an earlier one makes room.
    in_namespace delete job mongo-set --ignore-not-found
    render | kubectl apply --server-side --filename -
    # The stores first, then what stands on them, so that what hangs is named.
    in_namespace wait --for condition=complete job/mongo-set --timeout "$timeout"
    for part in statefulset/kafka deployment/registry statefulset/cassandra statefulset/mongo deployment/redis \
      statefulset/namenode statefulset/datanode deployment/spark-master statefulset/spark-worker \
      statefulset/airflow-database statefulset/airflow statefulset/marquee deployment/api statefulset/superset \
      statefulset/prometheus statefulset/alertmanager deployment/grafana; do
      in_namespace rollout status "$part" --timeout "$timeout" || {
        in_namespace get pods
        echo "$part did not get ready within $timeout: kubectl --namespace $namespace describe $part" >&2
        exit 1
      }
    done
    echo "ready: kubectl --namespace $namespace port-forward service/api 8000:80"
    ;;
  status)
    in_namespace get statefulsets,deployments,pods,persistentvolumeclaims
    in_namespace exec marquee-0 --container operations -- marquee status
    ;;
  clean)
    render | kubectl delete --ignore-not-found --wait --filename -
    if [ "${3:-}" = --data ]; then
      in_namespace delete persistentvolumeclaims --all --wait
      in_namespace delete secret marquee --ignore-not-found
      kubectl delete namespace "$namespace" --ignore-not-found --wait
    fi
    ;;
  *)
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
