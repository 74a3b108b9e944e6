"""From requests to plans: everything that can be judged without media. Pure functions, no input or output.

requests    both generations of the API → `Wish`
encoding    presets and options → encoding
files       file types, names and templates
streams     URLs of live streams
storage     where files go
plan        `Wish` → `Plan`
"""
