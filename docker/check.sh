#!/usr/bin/env bash
# Proves the images and the stack: builds them, starts PostgreSQL, MLflow and two workers, runs a search of 12 trials
# through them while MLflow and a worker are killed, and looks at the results from outside.
#
# With `docker compose` where a Docker engine runs; else, or with --without-docker, with buildah, as root. Where the
# base images cannot be pulled, debootstrap makes them. Ends with 0 only if everything holds.
set -euo pipefail
cd "$(dirname "$0")/.."
make --quiet .venv/.ready
exec .venv/bin/python docker/check "$@"
