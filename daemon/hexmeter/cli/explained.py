"""The error that a command ends with: what happened, what to try, and the exit code."""


class Explained(Exception):
    """An error for the user: what happened, what to try, and the exit code."""

    def __init__(self, message: str, hint: str, exit_code: int) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit_code = exit_code
