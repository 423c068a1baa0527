"""Users, rights and outsiders' topics in Kafka, brought to what is declared: `python -m deploy.access apply`."""
