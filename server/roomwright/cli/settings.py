"""The flags of the server's own settings, for `serve`, `config` and no command."""

import argparse


def add_server_flags(parser: argparse.ArgumentParser) -> None:
    """Flags that say nothing when they are not given, so that the same flag may stand before or after the command."""
    add = parser.add_argument_group("settings", argument_default=argparse.SUPPRESS).add_argument
    add("--dev", action="store_true", help="for trying things out: loopback only, API key devkey, secret secret")
    add("--config", metavar="FILE", help="configuration file in LiveKit's format")
    add("--config-body", metavar="YAML", help="the configuration itself; LIVEKIT_CONFIG")
    add("--keys", metavar='"KEY: SECRET"', help="API keys, one per line; LIVEKIT_KEYS keeps them out of ps")
    add("--key-file", metavar="FILE", help='file with lines of "key: secret"')
    add("--bind", metavar="ADDRESS", action="append", help="address to listen on, may be repeated; default: all")
    add("--port", metavar="PORT", type=int, help="port for HTTP and WebSocket, 0 for any free one; default: 7880")
    add("--grpc-port", metavar="PORT", type=int, help="port for gRPC, 0 for any free one; default: no gRPC")
    add("--node-ip", metavar="ADDRESS", help="address that clients send media to; NODE_IP")
    add("--udp-port", metavar="PORT", type=int, help="port for media, 0 for any free one; default: 7882; UDP_PORT")
