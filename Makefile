.POSIX:
SHELL = /bin/sh
PYTHON ?= python3
UV = .venv/bin/uv
STAMP = .venv/.installed

.PHONY: run help soak test test-cluster test-ops ops-check superset superset-pictures check bench bench-cluster accuracy model pictures format clean

# The first target, which `make` alone makes: the platform is what most people come for.
run: .venv/.runtime  ## install and start the embedded platform
	.venv/bin/marquee up

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-18s %s\n", $$1, $$2}' Makefile

test: $(STAMP)  ## all tests that need no services
	.venv/bin/pytest -q -n 2 --dist worksteal --ignore tests/cluster --ignore tests/ops --ignore tests/apiserver

soak: $(STAMP)  ## property tests on cases never tried before, and serving stopped a hundred times
	MARQUEE_NEW_CASES=1 MARQUEE_STOPS=100 .venv/bin/pytest -q -n 2 tests/laws tests/equivalence/test_oracle.py tests/contract tests/e2e/test_stops.py

test-cluster: $(STAMP)  ## the tests against real services, as local processes (needs Java 17)
	@java -version >/dev/null 2>&1 || { echo "make test-cluster needs Java 17 on the path (a JRE is enough)" >&2; exit 2; }
	$(UV) sync --quiet --frozen --inexact --extra dev --extra cluster --extra spark --extra services
	.venv/bin/pytest -q tests/cluster

test-ops: $(STAMP) .venv-airflow/.installed .venv-superset/.installed .tools/.built  ## alerts, Airflow, Great Expectations, Superset, manifests
	$(UV) sync --quiet --frozen --inexact --extra dev --extra cluster --extra quality --extra lineage --extra traces --extra validate
	.venv/bin/pytest -q -n 2 --dist loadfile tests/ops

ops-check: test-ops .tools/kube-apiserver  ## and what CI has no time for: a kube-apiserver, built here, takes the manifests
	.venv/bin/pytest -q tests/apiserver

.tools/kube-apiserver: .tools/.built $(wildcard deploy/validate/apiserver/*)
	cd deploy/validate/apiserver && GOTOOLCHAIN=local GOFLAGS=-buildvcs=false "$(CURDIR)/.venv/bin/go" build -o "$(CURDIR)/.tools/" \
	  -ldflags '-X k8s.io/component-base/version.gitVersion=v1.35.4 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=35' \
	  k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kubectl go.etcd.io/etcd/server/v3
	mv .tools/server .tools/etcd

.tools/.built: $(STAMP) $(wildcard deploy/validate/*)
	$(UV) sync --quiet --frozen --inexact --extra validate
	mkdir -p .tools
	cd deploy/validate && GOTOOLCHAIN=local GOFLAGS=-buildvcs=false "$(CURDIR)/.venv/bin/go" build -o "$(CURDIR)/.tools/" . \
	  github.com/zegl/kube-score/cmd/kube-score sigs.k8s.io/kustomize/kustomize/v5
	touch $@

.venv-airflow/.installed: $(UV) deploy/airflow/requirements.txt
	$(UV) venv --quiet --clear --python $(PYTHON) .venv-airflow
	$(UV) pip install --quiet --python .venv-airflow/bin/python -r deploy/airflow/requirements.txt
	touch $@

superset: $(STAMP) .venv-superset/.installed  ## Superset with its dashboards on http://127.0.0.1:8088, over the home's answers
	MARQUEE="$(CURDIR)/.venv/bin/marquee" PATH="$(CURDIR)/.venv-superset/bin:$$PATH" deploy/superset/beside.sh

superset-pictures: $(STAMP)  ## docs/pictures of those dashboards, while `make superset` runs (needs Chromium)
	.venv/bin/python deploy/superset/pictures.py

.venv-superset/.installed: $(UV) deploy/superset/requirements.txt
	$(UV) venv --quiet --clear --python $(PYTHON) .venv-superset
	$(UV) pip install --quiet --python .venv-superset/bin/python -r deploy/superset/requirements.txt
	touch $@

check: $(STAMP)  ## lint and types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

bench: $(STAMP)  ## benchmarks, as ratios; writes docs/benchmarks.md
	.venv/bin/python -m benchmarks

bench-cluster: $(STAMP)  ## benchmarks of the real engines; writes docs/benchmarks-cluster.md (needs Java 17)
	$(UV) sync --quiet --frozen --inexact --extra dev --extra cluster --extra spark --extra services
	.venv/bin/python -m benchmarks.cluster

accuracy: $(STAMP)  ## how good the answers are, on real data; writes docs/accuracy.md
	$(UV) sync --quiet --frozen --inexact --extra dev --extra accuracy
	.venv/bin/python -m benchmarks.accuracy "$${MARQUEE_TEST_DATA:-../shared/data}"

model: $(STAMP)  ## the learned opinion, from the two corpora of the model card; writes src/marquee/models
	.venv/bin/python -m training.opinion "$${MARQUEE_TEST_DATA:-../shared/data}" src/marquee/models/opinion-1.tsv.gz

pictures: $(STAMP)  ## docs/pictures, of the platform that runs on port 8000 (needs Chromium)
	.venv/bin/python -m benchmarks.pictures

format: $(STAMP)  ## put the code into shape
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

$(UV):
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; name one with make PYTHON=...") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'

.venv/.runtime: $(UV) pyproject.toml uv.lock
	$(UV) sync --quiet --frozen --inexact
	touch $@

$(STAMP): $(UV) pyproject.toml uv.lock
	$(UV) sync --quiet --frozen --inexact --extra dev --extra cluster
	touch $@ .venv/.runtime

clean:  ## remove environments, tools and caches; homes stay
	rm -rf .venv .venv-airflow .venv-superset .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis
