#!/bin/sh
# Stands in for the entrypoint of the published PostgreSQL image, where that cannot be pulled: the same variables,
# the same folder, the same authentication.
set -eu
programs=$(echo /usr/lib/postgresql/*/bin)
data=/var/lib/postgresql/data
as_postgres() { setpriv --reuid postgres --regid postgres --clear-groups "$@"; }

install --directory --owner postgres --group postgres --mode 700 $data /var/run/postgresql
if [ ! -s $data/PG_VERSION ]; then
    (umask 077 && printf %s "$POSTGRES_PASSWORD" > /tmp/password && chown postgres /tmp/password)
    as_postgres "$programs/initdb" --pgdata $data --username "$POSTGRES_USER" --pwfile /tmp/password \
        --encoding UTF8 --locale C.UTF-8 --auth-local trust --auth-host scram-sha-256
    rm /tmp/password
    echo "CREATE DATABASE $POSTGRES_DB" | as_postgres "$programs/postgres" --single -D $data postgres
    echo 'host all all all scram-sha-256' >> $data/pg_hba.conf
fi
unset POSTGRES_PASSWORD
exec setpriv --reuid postgres --regid postgres --clear-groups "$programs/postgres" -D $data \
    -c listen_addresses="${LISTEN:-*}" -c unix_socket_directories=/var/run/postgresql
