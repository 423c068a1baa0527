"""What the runner says when it cannot go on."""


class RunnerError(Exception):
    """Something the person at the keyboard must know: one sentence that also says what to do."""


DISK_FULL = (
    "The disk is full: free some space and run the command again, or set DATA_DIR and CACHE_DIR to another disk."
)
