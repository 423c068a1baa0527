"""python -m services.matching ..."""

from services.matching.service import service
from shared.runtime import command_line

command_line(service)
