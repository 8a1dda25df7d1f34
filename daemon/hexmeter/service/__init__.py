"""The running daemon: polling, alerts, the local API and the process itself."""
