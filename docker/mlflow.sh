#!/bin/sh
# Starts the MLflow server: with basic authentication where a password is set, and not at all without one where
# other machines could reach it.
#
#   DATABASE                      of the runs, and of the accounts; its password is in PGPASSWORD
#   MLFLOW_AUTH_ADMIN_PASSWORD    of the account `admin`, which is made at the first start with a password
#   BIND, PORT                    the address and the port at which other programs reach it (127.0.0.1, 5000)
#   ALLOWED_HOSTS                 further names it is called by, as host:port, separated by commas
#   LISTEN                        the address it listens at inside the container (0.0.0.0)
set -eu
export LC_ALL=C

fail() {
    echo "error: $1" >&2
    exit 2
}

bind=${BIND:-127.0.0.1}
port=${PORT:-5000}
password=${MLFLOW_AUTH_ADMIN_PASSWORD:-}
case $password in
    *[!\ -~]*) fail "MLFLOW_PASSWORD has characters beyond ASCII, which programs write in different ways" ;;
esac
if [ -n "$password" ] && [ ${#password} -lt 12 ]; then
    fail "MLFLOW_PASSWORD has ${#password} characters: MLflow asks for 12 or more"
fi
case $bind in
    localhost | ::1 | '[::1]') ;;
    127.*[!0-9.]*) fail "BIND is $bind, which is no address" ;;
    127.*) ;;
    *)
        [ -n "$password" ] ||
            fail "at BIND=$bind other machines reach MLflow: set MLFLOW_PASSWORD, or leave BIND out"
        ;;
esac

# MLflow's own list lets every private address pass; this one, only what it is really called. A name that it is not
# called by, or a page from elsewhere, is somebody who makes a browser ask (DNS rebinding, CSRF).
hosts=mlflow:5000,localhost:$port,127.0.0.1:$port
case $bind in
    127.0.0.1 | localhost) ;;
    0.0.0.0 | :: | '[::]')
        [ -n "${ALLOWED_HOSTS:-}" ] ||
            echo "warning: at BIND=$bind MLflow does not know its names, by which others would be let in:" \
                "set ALLOWED_HOSTS, as host:$port" >&2
        ;;
    *) hosts=$hosts,$bind:$port ;;
esac
hosts=$(echo "$hosts${ALLOWED_HOSTS:+,$ALLOWED_HOSTS}" | tr -d ' ')
origins=$(echo "$hosts" | sed 's#[^,]*#http://&,https://&#g')

if [ -n "$password" ]; then
    MLFLOW_AUTH_CONFIG_PATH=$(mktemp)
    printf '[mlflow]\ndefault_permission = READ\nadmin_username = admin\ndatabase_uri = %s\n' "$DATABASE" \
        > "$MLFLOW_AUTH_CONFIG_PATH"
    # Signs forms. One for each start is enough: whoever has one open then sends it again.
    MLFLOW_FLASK_SERVER_SECRET_KEY=$(python3 -c 'import secrets; print(secrets.token_hex(32))')
    export MLFLOW_AUTH_CONFIG_PATH MLFLOW_FLASK_SERVER_SECRET_KEY
    set -- --app-name basic-auth
fi

# 236 MB for jobs of language models, which are not run here.
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
exec mlflow server --host "${LISTEN:-0.0.0.0}" --port 5000 --workers 2 \
    --backend-store-uri "$DATABASE" --serve-artifacts --artifacts-destination "${ARTIFACTS:-/var/lib/mlflow}" \
    --allowed-hosts "$hosts" --cors-allowed-origins "$origins" "$@"
