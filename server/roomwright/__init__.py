"""Roomwright: the LiveKit server API, and the server behind it."""

__version__ = "0.1.0"
