#!/usr/bin/env bash
# Starts the broker of docker compose. The image takes settings as variables only; passwords stand in files, and the
# administrator must be there before anybody can log in: so it is made with the storage.
set -euo pipefail

secret() {
  local content
  content=$(<"/run/secrets/$1")
  [[ $content =~ ^[A-Za-z0-9._~+/=-]+$ ]] || {
    echo "The secret $1 must be one word of letters, digits and . _ ~ + / = - only." >&2
    exit 1
  }
  printf '%s' "$content"
}

admin=$(secret kafka_admin)
controller=$(secret kafka_controller)

# Nothing can be written where the image has its settings, so an empty folder lies over it: this is what it begins with.
cp /etc/kafka/docker/*.properties /etc/kafka/docker/*.yaml /opt/kafka/config/

if [[ ! -e $KAFKA_LOG_DIRS/meta.properties ]]; then
  cat >/tmp/format.properties <<PROPERTIES
node.id=$KAFKA_NODE_ID
process.roles=$KAFKA_PROCESS_ROLES
controller.quorum.voters=$KAFKA_CONTROLLER_QUORUM_VOTERS
controller.listener.names=$KAFKA_CONTROLLER_LISTENER_NAMES
log.dirs=$KAFKA_LOG_DIRS
listeners=CONTROLLER://:9093,PLAINTEXT://:9092
PROPERTIES
  /opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id "$CLUSTER_ID" \
    --config /tmp/format.properties --add-scram "SCRAM-SHA-512=[name=admin,password=$admin]" >/dev/null  # it tells the keys
fi

scram=org.apache.kafka.common.security.scram.ScramLoginModule
plain=org.apache.kafka.common.security.plain.PlainLoginModule
export KAFKA_LISTENER_NAME_INTERNAL_SCRAM___SHA___512_SASL_JAAS_CONFIG="$scram required username=\"admin\" password=\"$admin\";"
export KAFKA_LISTENER_NAME_EXTERNAL_SCRAM___SHA___512_SASL_JAAS_CONFIG="$scram required;"
export KAFKA_LISTENER_NAME_CONTROLLER_PLAIN_SASL_JAAS_CONFIG="$plain required username=\"controller\" password=\"$controller\" user_controller=\"$controller\";"
unset admin controller

exec /etc/kafka/docker/run
