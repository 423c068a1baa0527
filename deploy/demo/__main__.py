"""`python -m deploy.demo` plays the journey and checks it.

`... check` only reads Kafka back; `... table` only shows how every adoption stands.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence

from deploy.demo import table
from deploy.demo.check import check
from deploy.demo.failing import DemoFailed
from deploy.demo.places import Places
from deploy.demo.run import play, wired
from deploy.demo.screen import Screen, duration
from deploy.local.errors import RunnerError


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 when everything came, and both readers see the same."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("play", "check", "table"), default="play")
    asked = parser.parse_args(arguments)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what matters of it is told in words
    screen = Screen()
    try:
        if asked.what == "table":
            return asyncio.run(stand(Places.load(), screen))
        return asyncio.run(run(Places.load(), screen, plays=asked.what == "play"))
    except DemoFailed as failed:
        screen.close(str(failed), good=False)
    except RunnerError as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        screen.close("Afgebroken. De volgende keer begint de demo opnieuw, met een eigen nummer.", good=False)
    return 1


async def run(places: Places, screen: Screen, *, plays: bool) -> int:
    """The journey, if it `plays`, and the second reader. Raises: DemoFailed."""
    clock = asyncio.get_running_loop().time
    began = clock()
    journey = await play(places, screen) if plays else None
    async with wired(places, screen) as wire:
        found = await check(wire, screen)
    if found:
        screen.close("Kafka en de services vertellen niet hetzelfde; zie hierboven.", good=False)
    elif journey:
        steps = len(journey.stage.titles)
        screen.close(f"De demo {journey.number} is klaar: {steps} stappen in {duration(clock() - began)}.")
    return 1 if found else 0


async def stand(places: Places, screen: Screen) -> int:
    """The closing table of everything that was ever played. Raises: DemoFailed."""
    async with wired(places, screen) as wire:
        await table.show_all(wire, screen)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
