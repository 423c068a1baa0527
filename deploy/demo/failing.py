"""What makes the demo stop, in words for whoever watches it."""

from __future__ import annotations


class DemoFailed(Exception):
    """The journey does not go on. `what` says what went wrong, `look` what to look at."""

    def __init__(self, what: str, look: str = "") -> None:
        super().__init__(f"{what} {look}".strip())
        self.what, self.look = what, look
