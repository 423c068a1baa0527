"""The certificates that outsiders see, of the proxy and of Kafka: checked, and in development made."""
