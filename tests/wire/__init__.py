"""Tests of the local API's address, client and server."""
