"""The services and the issuer: whether they are ready and move, and whether anything waits for an operator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

from deploy.doctor.findings import Commands, Finding
from shared.web.discovery import BadAnswer, IssuerAddress


@dataclass(frozen=True, slots=True)
class Limit:
    """What a figure of a service may be at most. `helps` is asked of the service's command line, or a runbook."""

    metric: str
    most: float
    wrong: str
    helps: str
    labels: Mapping[str, str]


LIMITS = (
    Limit("parked_keys", 0, "{value:.0f} entities wait for an operator", "parked list", {"kind": "failed"}),
    Limit("dead_letters", 0, "{value:.0f} records could not be read", "dead-letters list", {}),
    Limit("stopped_keys", 0, "{value:.0f} entities cannot be told of", "outbox list", {}),
    Limit("outbox_oldest_seconds", 60, "what was said waits for {value:.0f} s", "outbox list", {}),
    Limit("gap_oldest_seconds", 60, "a version or the rest of a release is due for {value:.0f} s", "parked list", {}),
    Limit("consumer_lag_seconds", 60, "it hears {value:.0f} s behind", "places list", {}),
    Limit("verify_missing", 0, "{value:.0f} versions that were said were not heard", "verify", {}),
)
"""As the alerts of deploy/prometheus/alerts.yml."""


@dataclass(frozen=True, slots=True)
class Services:
    """Where they answer, by name; and who gives the tokens."""

    addresses: Mapping[str, str]
    issuer: IssuerAddress
    commands: Commands
    http: httpx.AsyncClient

    async def health(self) -> AsyncIterator[Finding]:
        """That each is ready and still moves."""
        for name in self.addresses:
            about = f"{name} is ready and moves"
            for which in ("ready", "live"):
                wrong = await self._wrong_with(name, which)
                if wrong:
                    yield Finding(about, wrong, self._help_with(name, wrong))
                    break
            else:
                yield Finding(about)

    async def waiting(self) -> AsyncIterator[Finding]:
        """That nothing in them waits for an operator, and nothing is late."""
        for name, address in self.addresses.items():
            about = f"nothing in {name} waits for an operator"
            try:
                answer = (await self.http.get(f"{address}/metrics")).raise_for_status()
            except httpx.HTTPError as error:
                yield Finding(about, f"its figures cannot be had ({type(error).__name__})", self.commands.logs_of(name))
                continue
            found = list(self._late(name, answer.text))
            for finding in found or [Finding(about)]:
                yield finding

    async def keys(self) -> AsyncIterator[Finding]:
        """That whoever gives the tokens tells its keys."""
        about = f"the issuer's keys can be had at {self.issuer.asked_first}"
        helps = "see that the issuer runs, and that OIDC_ISSUER and OIDC_JWKS_URL are right"
        try:
            wrong = "" if (await self.issuer.keys(self.http)).get("keys") else "there are none in the answer"
        except BadAnswer as error:
            wrong = f"they cannot: {error}"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            wrong = f"they cannot ({type(error).__name__})"
        yield Finding(about, wrong, helps)

    async def _wrong_with(self, name: str, which: str) -> str:
        try:
            answer = await self.http.get(f"{self.addresses[name]}/health/{which}")
            return "" if answer.status_code == 200 else "; ".join(answer.json()["problems"])
        except httpx.HTTPError as error:
            return f"it does not answer ({type(error).__name__})"
        except (ValueError, KeyError, TypeError):
            return f"it answers strangely at /health/{which}"

    def _help_with(self, name: str, wrong: str) -> str:
        if "migrat" in wrong:
            return self.commands.setup
        return self.commands.start if "does not answer" in wrong else self.commands.logs_of(name)

    def _late(self, name: str, figures: str) -> list[Finding]:
        worst: dict[str, float] = {}
        for family in text_string_to_metric_families(figures):
            for limit in LIMITS:
                for sample in family.samples:
                    if sample.name == limit.metric and limit.labels.items() <= sample.labels.items():
                        worst[limit.metric] = max(worst.get(limit.metric, 0.0), sample.value)
        return [
            Finding(f"{name} waits", limit.wrong.format(value=value), self.commands.asked(name, limit.helps))
            for limit in LIMITS
            if (value := worst.get(limit.metric, 0.0)) > limit.most
        ]
