"""Hexmeter: what your Hex agents cost, before the credits run out."""

__version__ = "0.1.0"
