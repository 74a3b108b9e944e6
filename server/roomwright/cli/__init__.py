"""The command line: what can be said, and one module per command. Commands are imported when they are called."""


class CommandError(Exception):
    """The command cannot be carried out; the message is one line for the user."""
