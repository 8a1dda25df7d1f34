"""The command line: one file a command; parse, ask the daemon, print."""
