"""Tests of the client of Hex, against the simulated one."""
