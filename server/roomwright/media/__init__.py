"""Media: packets in, packets out. Importing this package imports no media library; its subpackages may."""
