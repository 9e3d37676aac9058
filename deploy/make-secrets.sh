#!/bin/sh
# Makes new passwords and writes every secret that docker-compose.yml mounts, all of one piece.
#
#   deploy/make-secrets.sh            writes into deploy/secrets
#   deploy/make-secrets.sh FOLDER     writes into another folder
#
# The folder is open to its owner only; the files inside are readable, because containers run under other user ids.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/secrets}

if [ -e "$folder/users.acl" ]; then
    echo "$folder already holds secrets, which the running databases know; move them away to make new ones" >&2
    exit 1
fi

password() {
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c1-64
}

secret() {
    rm -f "$folder/$1"
    printf '%s\n' "$2" >"$folder/$1"
    chmod 444 "$folder/$1"
}

postgres=$(password)
producer=$(password)
worker=$(password)
flower=$(password)
operator=$(password)

mkdir -p "$folder"
chmod 700 "$folder"

secret postgres_password "$postgres"
secret database_url "postgresql://shelftalk:$postgres@postgres:5432/shelftalk"
secret redis_url_worker "redis://worker:$worker@redis:6379/0"
secret redis_url_flower "redis://flower:$flower@redis:6379/0"
secret redis_url_producer "redis://producer:$producer@127.0.0.1:6379/0"
secret flower_basic_auth "operator:$operator"
# Last, because its presence says that the set is complete.
secret users.acl "$(sed -e '/^#/d' -e '/^$/d' \
    -e "s/@PRODUCER@/$(printf %s "$producer" | sha256)/" \
    -e "s/@WORKER@/$(printf %s "$worker" | sha256)/" \
    -e "s/@FLOWER@/$(printf %s "$flower" | sha256)/" \
    "$here/redis/users.acl.template")"

echo "Secrets are in $folder. Publishers get redis_url_producer; operators sign in to Flower with flower_basic_auth."
