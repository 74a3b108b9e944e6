"""gRPC over HTTP/2: the same routes as Twirp's, on a port of their own.

grpclib's `protocol` speaks HTTP/2 (framing, flow control). What is above it is ours, because `grpclib.server` takes
messages of any size, cannot name an unknown method, cuts running calls short when it stops, and answers a malformed
header with a traceback in the log and nothing on the wire.

`headers` → `calls` → `messages` is the way of a call; `connection` and `server` own sockets and tasks.
"""

from roomwright.wire.grpc.server import GrpcServer

__all__ = ["GrpcServer"]
