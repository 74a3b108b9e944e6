"""What a peer may do wrong in a session description."""


class SdpError(ValueError):
    """A description that cannot be used. `line` is the number of the line at fault, from 1; 0: the whole of it."""

    def __init__(self, problem: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {problem}" if line else problem)
        self.problem = problem
        self.line = line
