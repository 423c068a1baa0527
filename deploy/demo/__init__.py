"""The journey of the real projects, played through the public interfaces and followed on Kafka (`make demo`)."""
