"""Tokens (verify, mint, cache) and grants (what each method needs)."""
