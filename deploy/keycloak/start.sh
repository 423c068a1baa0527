#!/usr/bin/env bash
# Starts Keycloak with its secrets, which it takes as variables only. Those of clients are for the realm file, which is imported
# when there is no realm yet: SECRET_VOORBEELD_FONDS is what stands in the file voorbeeld-fonds.
set -euo pipefail

KC_DB_PASSWORD=$(</run/secrets/keycloak)
KC_BOOTSTRAP_ADMIN_PASSWORD=$(</run/secrets/keycloak_admin)
export KC_DB_PASSWORD KC_BOOTSTRAP_ADMIN_PASSWORD
for file in /run/clients/*; do
  name=${file##*/}
  name=${name^^}
  export "SECRET_${name//-/_}=$(<"$file")"
done

exec /opt/keycloak/bin/kc.sh start --optimized --import-realm
