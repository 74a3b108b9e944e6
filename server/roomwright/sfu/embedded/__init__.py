"""The embedded backend: the room engine, signalling, and a media plane. For real clients."""

from roomwright.sfu.embedded.backend import EmbeddedBackend

__all__ = ["EmbeddedBackend"]
