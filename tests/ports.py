"""Ports for servers whose port must be known before they start."""

import random
import socket

BELOW_EPHEMERAL = (20_000, 32_000)
"""Where no system takes ports for connections, so that nobody gets one of these between its choice and its use."""


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    while True:
        port = random.SystemRandom().randint(*BELOW_EPHEMERAL)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
