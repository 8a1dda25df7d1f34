"""Tests of the command line and the daemon as real processes."""
