"""Recording and streaming rooms.

The server's side (what is asked for, who records it, what became of it) is in this folder; what runs in the process
of one egress is in `recorder/`, which the server never imports: the media libraries stay out of it. They share
`frames.py` and the messages of `proto/roomwright/egress/v1/recorder.proto`.
"""
