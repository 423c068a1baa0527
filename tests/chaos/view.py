"""A cluster as the workload and the checker see it: clients reach replicas through proxies, whoever judges reaches all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import asyncpg
import httpx

from tests.chaos.cluster import Cluster, url


@dataclass(frozen=True)
class ClusterView:
    """One cluster."""

    cluster: Cluster

    @property
    def kafka(self) -> str:
        """Bootstrap servers that no fault stands before."""
        return self.cluster.places.kafka

    def addresses(self, service: str) -> Sequence[str]:
        """The base URLs of a service's replicas, up or not."""
        replicas = self.cluster.supervisor.replicas.values()
        known = [each for each in replicas if each.service == service and each.nth < self.cluster.size]
        return [url(self.cluster.places.http_path(service, each.nth)) for each in known]

    async def token(self, form: Mapping[str, str | list[str]]) -> str:
        """A bearer token of the development issuer."""
        async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
            answer = await http.post(f"{self.cluster.places.settings.url('issuer')}/token", data=dict(form))
        return str(answer.raise_for_status().json()["access_token"])

    def database(self, service: str) -> AbstractAsyncContextManager[asyncpg.Connection[asyncpg.Record]]:
        """A superuser's connection that sees one service's tables."""
        return self.cluster.database(service)
