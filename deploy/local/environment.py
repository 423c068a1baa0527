"""Makes .venv: Python packages pinned by version and hash. Run by the machine's own Python, standard library only.

`python3 deploy/local/environment.py local` installs what running takes, `dev` what testing takes on top.
Nothing happens when .venv has it already. `.venv/requirements.json` says what is in it and is written last: an
environment without a valid one was broken off and is made anew.
"""

import fcntl
import hashlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parents[2]
SECONDS_OF_SILENCE = 5
WORTH_SHOWING = ("Downloading", "Downloaded", "Installing", "Resolved", "Prepared", "Installed", "Successfully")
CAUSES = (  # in this order: a full disk and a lost connection can lead to wrong hashes, not the other way round
    (
        ("no space left", "errno 28", "os error 28", "disk quota"),
        "The disk is full: free at least 1 GB and run the command again.",
    ),
    (
        ("hash mismatch", "do not match the hashes", "hashes are required", "in --require-hashes mode"),
        "A download is broken or was changed on the way: run the command again, and if it stays so, look at your proxy.",
    ),
    (
        ("connect", "resolution", "unreachable", "timed out", "timeout", "dns", "proxy", "failed to fetch"),
        "The Python packages cannot be downloaded: the first run needs the network; check it and the proxy, and try again.",
    ),
)


class Trouble(Exception):
    """Something the person at the keyboard must know: one sentence that also says what to do."""


def main(arguments: "list[str]") -> int:
    """Make or complete .venv for `local` or `dev`; return the exit code."""
    _use_new_enough_python(arguments)
    level = arguments[0] if arguments else "local"
    try:
        with (ROOT / "requirements" / "local.txt").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two commands at once would mend each other's half environment
            ensure(ROOT / ".venv", ROOT / "requirements", level)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Broken off: run the command again, it makes a whole environment.", file=sys.stderr)
        return 130
    return 0


def ensure(venv: Path, requirements: Path, level: str) -> None:
    """Let `venv` hold what `requirements`/`level`.txt lists. Raises Trouble."""
    digests = {name: _digest(requirements / f"{name}.txt") for name in ("local", "dev")}
    known = _known(venv)
    if known.get(level) == digests[level] and _works(venv):
        return
    uv = _uv()
    if known.get("incomplete") or not _works(venv):
        print(f"Making the Python environment in {venv} ...", flush=True)
        shutil.rmtree(venv, ignore_errors=True)
        _run(_making(uv, venv))
    _note(venv, {"incomplete": True})
    print(f"Installing the Python packages of requirements/{level}.txt ...", flush=True)
    _run(_installing(uv, venv, requirements / f"{level}.txt"))
    # What is installed for `dev` serves `local` too: the same list with more in it.
    _note(venv, digests if level == "dev" else {"local": digests["local"]})


def cause(output: str) -> str:
    """Return the sentence for what went wrong, from what the installer printed."""
    text = output.lower()
    for signs, sentence in CAUSES:
        if any(sign in text for sign in signs):
            return sentence
    return "The Python packages could not be installed; see above, and run the command again."


def _making(uv: "str | None", venv: Path) -> "list[str]":
    if uv:
        return [uv, "venv", "--no-project", "--python", sys.executable, str(venv)]
    if _has("venv") and _has("ensurepip"):
        return [sys.executable, "-m", "venv", str(venv)]
    if _has("venv") and _has("pip"):
        return [sys.executable, "-m", "venv", "--without-pip", str(venv)]
    raise Trouble(
        f"This Python ({sys.executable}) can make no environment, since `venv` or `ensurepip` is missing: "
        "install the package python3-venv, or the program uv, and run the command again."
    )


def _installing(uv: "str | None", venv: Path, requirements: Path) -> "list[str]":
    if uv:
        return [uv, "pip", "install", "--python", str(_python(venv)), "--require-hashes", "-r", str(requirements)]
    options = [
        "--require-hashes",
        "--disable-pip-version-check",
        "--no-input",
        "--retries",
        "2",
        "-r",
        str(requirements),
    ]
    if _has("ensurepip"):
        return [str(_python(venv)), "-m", "pip", "install", *options]
    return [sys.executable, "-m", "pip", "--python", str(_python(venv)), "install", *options]


def _uv() -> "str | None":
    """Return uv where it is installed: it is faster, and needs no ensurepip."""
    home = Path.home()
    for program in (shutil.which("uv"), str(home / ".local" / "bin" / "uv"), str(home / ".cargo" / "bin" / "uv")):
        if program and _succeeds([program, "--version"]):
            return program
    return None


def _use_new_enough_python(arguments: "list[str]") -> None:
    """Go on with a newer Python when this one is too old and the machine has one."""
    if sys.version_info >= OLDEST:
        return
    for minor in (14, 13, 12, 11):
        program = shutil.which(f"python3.{minor}")
        if program and _succeeds([program, "--version"]):
            os.execv(program, [program, __file__, *arguments])  # noqa: S606 -- no shell is what we want
    print(
        f"Python 3.11 or newer is needed, and this is {sys.version_info[0]}.{sys.version_info[1]}: "
        "install a newer one, or name it with PYTHON=/path/to/python3.",
        file=sys.stderr,
    )
    sys.exit(1)


def _run(command: "list[str]") -> None:
    """Run an installer, showing how far it is. Raises Trouble when it fails."""
    pipe, same = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(command, stdout=pipe, stderr=same, encoding="utf-8", errors="replace") as process:
        output = list(_shown(process))
    if process.returncode != 0:
        print("\n".join(output[-15:]), file=sys.stderr)
        raise Trouble(cause("\n".join(output)))


def _shown(process: "subprocess.Popen[str]") -> "Iterator[str]":
    """Yield each line that `process` prints, showing those that tell how far it is, and that it is silent."""
    lines = queue.Queue()  # type: queue.Queue[str | None]
    threading.Thread(target=_gather, args=(process, lines), daemon=True).start()
    waited = 0
    while True:
        try:
            line = lines.get(timeout=SECONDS_OF_SILENCE)
        except queue.Empty:
            waited += SECONDS_OF_SILENCE
            print(f"  ... still busy ({waited} s)", flush=True)
            continue
        if line is None:
            return
        if line.split(" ", 1)[0] in WORTH_SHOWING:
            print(f"  {line[:100]}", flush=True)
        yield line


def _gather(process: "subprocess.Popen[str]", lines: "queue.Queue[str | None]") -> None:
    for line in process.stdout or ():
        lines.put(line.strip())
    lines.put(None)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _known(venv: Path) -> "dict[str, object]":
    """Return what is noted about `venv`; nothing for one that we did not make."""
    try:
        known = json.loads((venv / "requirements.json").read_text())
    except FileNotFoundError:
        return {}
    except ValueError:
        return {"incomplete": True}
    return known if isinstance(known, dict) else {"incomplete": True}


def _note(venv: Path, known: "Mapping[str, object]") -> None:
    draft = venv / "requirements.json.new"
    draft.write_text(json.dumps(known))
    draft.replace(venv / "requirements.json")


def _works(venv: Path) -> bool:
    """Tell whether the environment's Python runs, and is new enough (the machine's may have been replaced)."""
    return _succeeds([str(_python(venv)), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"])


def _python(venv: Path) -> Path:
    return venv / "bin" / "python"


def _has(module: str) -> bool:
    return _succeeds([sys.executable, "-c", "import " + module])


def _succeeds(command: "list[str]") -> bool:
    try:
        return (
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
        )
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
