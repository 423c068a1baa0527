"""Builds a running service out of its declaration."""

from shared.runtime.service import Always, DailyDuty, OnLoad, Service, always, daily, on_load

__all__ = ["Always", "DailyDuty", "OnLoad", "Service", "always", "command_line", "daily", "on_load"]


def command_line(service: Service) -> None:
    """`python -m services.<name> ...`: what an operator may ask of a service."""
    from shared.runtime.commands import run  # noqa: PLC0415 - the declaration alone must not load a web server

    run(service)
