"""Tests of the running daemon, in process."""
