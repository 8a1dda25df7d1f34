"""What crosses between the processes: the local API's address, its JSON shapes, its client and its HTTP server."""
