"""How a system logs in to Kafka: with the same name, over SASL_SSL. Without a password it is a Kafka on one's own machine."""

import os
from pathlib import Path
from typing import Any

from aiokafka.helpers import create_ssl_context


def reached() -> dict[str, Any]:
    """What a consumer or producer needs, from KAFKA_SERVERS, CLIENT_ID, KAFKA_PASSWORD_FILE and KAFKA_CA_FILE."""
    found: dict[str, Any] = {"bootstrap_servers": os.environ.get("KAFKA_SERVERS", "127.0.0.1:8192")}
    if password := os.environ.get("KAFKA_PASSWORD_FILE"):
        authority = os.environ.get("KAFKA_CA_FILE")
        found |= {
            "security_protocol": "SASL_SSL" if authority else "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": os.environ["CLIENT_ID"],
            "sasl_plain_password": Path(password).read_text(encoding="utf-8").strip(),
            "ssl_context": create_ssl_context(cafile=authority) if authority else None,
        }
    return found
