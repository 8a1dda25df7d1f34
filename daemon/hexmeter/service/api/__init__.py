"""The local API: one table of routes, and the functions that answer."""
