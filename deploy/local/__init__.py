"""The runner without containers: Postgres, Kafka and the services as plain processes of one machine."""
