"""python -m services.assessment ..."""

from services.assessment.service import service
from shared.runtime import command_line

command_line(service)
