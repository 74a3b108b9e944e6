"""What the testing kit raises for the test that uses it."""


class WaitedInVainError(AssertionError):
    """What a test waited for did not come; the message says what did."""


class NotPossibleError(RuntimeError):
    """The kit cannot do that here; the message says what it takes."""
