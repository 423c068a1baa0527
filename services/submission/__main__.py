"""python -m services.submission ..."""

from services.submission.service import service
from shared.runtime import command_line

command_line(service)
