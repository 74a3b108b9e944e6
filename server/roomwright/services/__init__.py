"""One module per proto service: authorise, delegate, return. Knows neither HTTP nor gRPC."""
