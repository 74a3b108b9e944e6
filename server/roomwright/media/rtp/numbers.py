"""Numbers that wrap around: sequence numbers (16 bits), timestamps (32 bits), and NTP times."""

SEQUENCE_MASK = 0xFFFF
TIMESTAMP_MASK = 0xFFFF_FFFF


def sequence_distance(newer: int, older: int) -> int:
    """How far `newer` is ahead of `older`, from -32768 to 32767."""
    return ((newer - older + 0x8000) & SEQUENCE_MASK) - 0x8000


def timestamp_distance(newer: int, older: int) -> int:
    """How far `newer` is ahead of `older`, in units of the clock rate, from -2**31 to 2**31 - 1."""
    return ((newer - older + 0x8000_0000) & TIMESTAMP_MASK) - 0x8000_0000


def ntp_seconds(ntp: int) -> float:
    """A 64-bit NTP time in seconds."""
    return ntp / (1 << 32)


def ntp_middle(ntp: int) -> int:
    """The middle 32 bits of a 64-bit NTP time, by which reports refer to each other."""
    return ntp >> 16 & 0xFFFF_FFFF


def abs_send_time(now: float) -> bytes:
    """`now` in seconds, in the three bytes of the abs-send-time extension: 6 bits of seconds, 18 of fractions."""
    return (int(now * (1 << 18)) & 0xFF_FFFF).to_bytes(3, "big")
