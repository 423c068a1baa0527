"""What the runner says when it cannot go on."""


class RunnerError(Exception):
    """Something the person at the keyboard must know: one sentence that also says what to do."""
