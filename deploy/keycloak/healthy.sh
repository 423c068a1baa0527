#!/usr/bin/env bash
# Exit 0 when Keycloak is ready. The image has neither curl nor wget.
set -euo pipefail
exec 3<>/dev/tcp/127.0.0.1/9000
printf 'GET /health/ready HTTP/1.0\r\n\r\n' >&3
read -r _ status _ <&3
[[ $status == 200 ]]
