"""From packets to media: order, loss, layers, time, whole frames, decoding. Nothing here reads a clock or a socket.

Times are nanoseconds since the epoch, of the server's clock; pipelines count them from the recording's start.
"""
