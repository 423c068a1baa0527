"""python -m services.impact ..."""

from services.impact.service import service
from shared.runtime import command_line

command_line(service)
