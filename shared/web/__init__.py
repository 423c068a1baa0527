"""HTTP by the NL API Design Rules: problems, callers, one transaction a request, answers kept for retries, pages."""

from shared.web.auth import Caller, anyone, caller_of
from shared.web.bodies import Body, Result
from shared.web.logins import Role
from shared.web.paging import Page, PageAsked, Paging
from shared.web.people import person_of
from shared.web.routing import naming_a_person, service_router
from shared.web.values import IfMatch, Now, Today, Tx

__all__ = [
    "Body",
    "Caller",
    "IfMatch",
    "Now",
    "Page",
    "PageAsked",
    "Paging",
    "Result",
    "Role",
    "Today",
    "Tx",
    "anyone",
    "caller_of",
    "naming_a_person",
    "person_of",
    "service_router",
]
