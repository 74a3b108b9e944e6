"""What forwarding counts over its life, for those who watch: nothing depends on it."""


class Counts:
    """Of all endpoints, since the start.

    `nacks`, `plis` and `firs` are feedback messages, received and sent; `repeated` packets were sent again,
    `repeated_octets` are their bytes before encryption; `repairs` are packets that came again on a stream of their own.
    `started` subscriptions were negotiated, `unsupported` ones were not: the subscriber takes none of the codecs.
    """

    __slots__ = (
        "firs_received",
        "firs_sent",
        "nacks_received",
        "nacks_sent",
        "plis_received",
        "plis_sent",
        "repairs",
        "repairs_octets",
        "repeated",
        "repeated_octets",
        "started",
        "unsupported",
    )

    def __init__(self) -> None:
        self.nacks_received = self.nacks_sent = 0
        self.plis_received = self.plis_sent = 0
        self.firs_received = self.firs_sent = 0
        self.repeated = self.repeated_octets = 0
        self.repairs = self.repairs_octets = 0
        self.started = self.unsupported = 0

    def __repr__(self) -> str:
        return f"<Counts: {', '.join(f'{name} {getattr(self, name)}' for name in self.__slots__)}>"
