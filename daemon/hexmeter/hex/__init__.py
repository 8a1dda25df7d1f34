"""Hex's public API: the client that reads it, and a simulated Hex to read from."""
