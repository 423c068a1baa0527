"""The topics as those who create them need them: `deploy/kafka/topics.yaml`."""

from __future__ import annotations

import yaml

from shared.contracts.registry import TOPIC_SETTINGS, TOPICS

HEAD = """\
# The topics of the platform, from shared/contracts/registry.py. Do not edit: python -m deploy.contracts generate
# How many copies there are, and how many must confirm (replication.factor, min.insync.replicas), is a setting of the
# place where the topics are created. The number of partitions never changes: the key decides the partition.
"""


def topics_file() -> str:
    """The YAML, with a comment that says where it comes from."""
    topics = [
        {"name": topic.name, "owner": topic.owner, "partitions": topic.partitions, "config": dict(TOPIC_SETTINGS)}
        for topic in TOPICS.values()
    ]
    return HEAD + yaml.safe_dump({"topics": topics}, sort_keys=False, width=120)
