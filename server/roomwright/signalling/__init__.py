"""The signalling between a client and the server, without input or output."""
