"""The documents that the local API answers with."""
