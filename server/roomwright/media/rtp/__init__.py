"""RTP and RTCP as bytes: reading, building, and the little that must be known of payloads.

There is no packet object: functions take the packet's bytes and positions in it. Nothing here raises on what a peer can
send; what cannot be read is None, empty or -1. Imports nothing heavy.
"""
