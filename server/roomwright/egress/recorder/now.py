"""What time it is by the server's clock, which may have been set when it was started, long before the recorder."""


class ServerClock:
    """Counts as the machine's monotonic clock does, and is set by packets: none arrives in the future.

    Before the first packet the wall clock has to do. Times are nanoseconds.
    """

    def __init__(self, monotonic_ns: int, wall_ns: int) -> None:
        self._ahead = wall_ns - monotonic_ns
        self._is_set = False

    def heard(self, arrival_ns: int, monotonic_ns: int) -> None:
        """A packet was read that came to the server at that time."""
        ahead = arrival_ns - monotonic_ns
        self._ahead = max(self._ahead, ahead) if self._is_set else ahead
        self._is_set = True

    def now_ns(self, monotonic_ns: int) -> int:
        """The time at the server."""
        return monotonic_ns + self._ahead
