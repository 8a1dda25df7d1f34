"""Tests of the configuration and the token."""
