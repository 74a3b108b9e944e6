"""From RTP payloads to the frames that decoders and containers take; one module for each codec.

A payload that is not well-formed raises `DamagedError`; nothing else is raised on what a publisher can send.
"""
