"""What the services tell each other: one file an event, the registry, and what is generated from it."""
