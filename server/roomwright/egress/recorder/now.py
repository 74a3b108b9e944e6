"""What time it is by the server's clock, which may have been set when it was started, long before the recorder."""


class ServerClock:
    """Counts as the machine's monotonic clock does, from the first packet on; before it the wall clock has to do.

    It may be behind by as much as that packet waited to be read: later ones push time on by themselves. Nanoseconds.
    """

    def __init__(self, monotonic_ns: int, wall_ns: int) -> None:
        self._ahead = wall_ns - monotonic_ns
        self._is_set = False

    def heard(self, arrival_ns: int, monotonic_ns: int) -> None:
        """A packet was read that came to the server at that time."""
        if not self._is_set:
            self._ahead = arrival_ns - monotonic_ns
            self._is_set = True

    def now_ns(self, monotonic_ns: int) -> int:
        """The time at the server."""
        return monotonic_ns + self._ahead
