"""The two adapters: Twirp over HTTP/1.1 and gRPC. They differ in bytes and statuses only; handlers are shared."""
