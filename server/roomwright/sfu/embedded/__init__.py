"""The embedded backend: the room engine, signalling, and a media plane. For real clients."""
