"""The configuration file and the token: read, checked, frozen."""
