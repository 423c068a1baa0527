"""python -m tests.integration.shared.runtime.toy ...: the toy whose name stands in TOY; grown if TOY_GROWN is set."""

import os

from shared.runtime import command_line
from tests.integration.shared.runtime.toy.service import toy

command_line(toy(os.environ["TOY"], grown="TOY_GROWN" in os.environ))
