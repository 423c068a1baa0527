#!/usr/bin/env bash
# Exit 0 when the broker answers the question for its versions, which it does for anybody. Kafka's own tool for it would start
# a JVM every few seconds, and need a password.
set -euo pipefail
exec 3<>/dev/tcp/127.0.0.1/9092
# length 15, ApiVersions (18) version 0, correlation 1, client id "probe"
printf '\x00\x00\x00\x0f\x00\x12\x00\x00\x00\x00\x00\x01\x00\x05probe' >&3
# length, then the same correlation, then error 0
[[ $(head -c 10 <&3 | od -An -tx1 | tr -d ' \n') == ????????000000010000 ]]
