"""The runner's command line, which `make up`, `down`, `status`, `logs`, `ask` and `clean` call."""

import argparse
import errno
import subprocess
import sys
from collections.abc import Callable, Sequence

from deploy.local import disk, logs, variables
from deploy.local.errors import RunnerError
from deploy.local.ports import HOST
from deploy.local.settings import ROOT, SERVICES, Settings
from deploy.local.stack import ACCESS, Stack, State, our_programs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.load()
        code: int = options.run(Stack(settings, say, our_programs(settings)), options)
    except RunnerError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(disk.FULL, file=sys.stderr)
    except KeyboardInterrupt:
        print("Broken off: `make up` goes on from here, `make down` stops what runs.", file=sys.stderr)
    else:
        return code
    return 1


def say(line: str) -> None:
    """Print a step at once, also when the output is a file."""
    print(line, flush=True)


def up(stack: Stack, _: argparse.Namespace) -> int:
    """Start everything that does not run, and show where it is."""
    stack.up()
    print(table(stack.states()))
    return 0


def down(stack: Stack, _: argparse.Namespace) -> int:
    """Stop everything; the data stays."""
    stack.down()
    print("Everything is stopped; the data stays for the next `make up`.")
    return 0


def status(stack: Stack, _: argparse.Namespace) -> int:
    """Show what runs; exit code 1 when something does not."""
    states = stack.states()
    print(table(states))
    if all(state.ready for state in states):
        return 0
    print("\n`make up` starts what is down; `make logs NAME=...` shows why something is not ready.")
    return 1


def clean(stack: Stack, _: argparse.Namespace) -> int:
    """Stop everything and remove its data."""
    stack.clean()
    return 0


def show_logs(stack: Stack, options: argparse.Namespace) -> int:
    """Show the last lines of the logs, of one part or of all."""
    daemons = {part.daemon.name: part.daemon for part in stack.parts()}
    if options.name and options.name not in daemons:
        raise RunnerError(f"There is no {options.name}: choose one of {', '.join(daemons)}.")
    chosen = [daemons[options.name]] if options.name else list(daemons.values())
    before = logs.ends(chosen)
    say(logs.tail(chosen))
    if options.follow:
        for line in logs.follow(chosen, before):
            say(line)
    return 0


def ask(stack: Stack, options: argparse.Namespace) -> int:
    """Give a service's command line (parked, dead-letters, outbox, audit, migrate, ...) to an operator of this copy."""
    if options.service not in SERVICES:
        there = f"There is no service {options.service}" if options.service else "Say which service"
        raise RunnerError(f"{there}: choose one of {', '.join(SERVICES)}.")
    arguments: list[str] = options.arguments
    if not stack.settings.passwords.exists() and "--help" not in arguments:
        raise RunnerError(f"Nothing was set up in {stack.settings.data} yet: `make up` does that.")
    environment = variables.for_operator(stack.settings, options.service, arguments[0] if arguments else None)
    command = [sys.executable, "-m", f"services.{options.service}", *arguments]
    return subprocess.run(command, check=False, env=environment, cwd=ROOT).returncode


def access(stack: Stack, options: argparse.Namespace) -> int:
    """Bring Kafka of this copy to what is declared: outsiders' topics, and users and rights where it asks who one is."""
    settings = stack.settings
    if not settings.passwords.exists():
        raise RunnerError(f"Nothing was set up in {settings.data} yet: `make up` does that.")
    command = [sys.executable, "-m", *ACCESS, *(["--dry-run"] if options.dry_run else [])]
    return subprocess.run(command, check=False, env=variables.for_setup(settings), cwd=ROOT).returncode


def doctor(stack: Stack, _: argparse.Namespace) -> int:
    """Look over what runs; exit code 1 when something is wrong."""
    settings = stack.settings
    environment = {**variables.for_setup(settings), "SERVICES_AT": f"http://{HOST}:{settings.port_base}"}
    return subprocess.run([sys.executable, "-m", "deploy.doctor"], check=False, env=environment, cwd=ROOT).returncode


def table(states: Sequence[State]) -> str:
    """Return what runs where, a line for each part."""
    rows = [("", "state", "address", "pid", "log")]
    for state in states:
        condition = "ready" if state.ready else "not ready" if state.pid else "down"
        rows.append((state.name, condition, state.address, str(state.pid or "-"), str(state.log)))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description="Runs the platform without containers.")
    commands = parser.add_subparsers(required=True)
    runs: dict[str, Callable[[Stack, argparse.Namespace], int]]
    runs = {
        "up": up,
        "down": down,
        "status": status,
        "logs": show_logs,
        "ask": ask,
        "access": access,
        "doctor": doctor,
        "clean": clean,
    }
    for name, run in runs.items():
        command = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        command.set_defaults(run=run)
        if run is ask:
            command.add_argument("service", help=f"one of {', '.join(SERVICES)}")
            command.add_argument("arguments", nargs=argparse.REMAINDER, help="what to ask, as in: parked list")
        if run is access:
            command.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        if run is show_logs:
            command.add_argument("name", nargs="?", help="the part whose log to show; all when left out")
            command.add_argument("-f", "--follow", action="store_true", help="go on showing what is added")
    return parser


if __name__ == "__main__":
    sys.exit(main())
