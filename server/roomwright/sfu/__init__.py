"""The SFU backend port and its implementations."""
