"""`python -m deploy.demo` plays the journey and checks it; `python -m deploy.demo check` only reads Kafka back."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from deploy.demo.failing import DemoFailed
from deploy.demo.places import Places
from deploy.demo.run import play
from deploy.demo.screen import Screen
from deploy.local.errors import RunnerError


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 when everything came, and both readers see the same."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("play", "check"), default="play")
    parser.parse_args(arguments)
    screen = Screen()
    try:
        asyncio.run(play(Places.load(), screen))
    except DemoFailed as failed:
        screen.close(str(failed), good=False)
    except RunnerError as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        screen.close("Afgebroken. De volgende keer begint de demo opnieuw, met een eigen nummer.", good=False)
    else:
        return 0
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
