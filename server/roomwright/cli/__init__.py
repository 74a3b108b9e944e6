"""The command line: what can be said, and one module per command. Commands are imported when they are called."""

USAGE = 2
"""Exit code for what cannot be meant."""
FAILED = 1
"""Exit code for what was meant and could not be done: no server, a refusal."""


class CommandError(Exception):
    """The command cannot be carried out; the message is one line for the user."""

    def __init__(self, message: str, exit_code: int = USAGE) -> None:
        super().__init__(message)
        self.exit_code = exit_code
