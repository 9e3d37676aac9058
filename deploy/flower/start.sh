#!/bin/sh
# Starts Flower with the user and password of a secret file. They travel in the environment, because a command line can
# be read by every process of the machine. Without them Flower would let everybody in, so it does not start.
set -eu

secret=${FLOWER_BASIC_AUTH_FILE:-/run/secrets/flower_basic_auth}
if [ ! -s "$secret" ]; then
    echo "$secret: holds no user:password for Flower; run deploy/make-secrets.sh" >&2
    exit 1
fi

FLOWER_BASIC_AUTH=$(cat "$secret")
export FLOWER_BASIC_AUTH
exec python -m celery -A worker.app flower "$@"
