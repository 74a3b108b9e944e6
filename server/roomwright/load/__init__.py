"""Many light participants from one process, to see what a server carries: `roomwright load-test`.

Each does its signalling on `/rtc/v1`, checks connectivity to a server that is ICE-lite, and sends and receives real
SRTP; what is in it is opaque, so that the server's work is measured and no encoder's. Knows nothing of the terminal.
"""
