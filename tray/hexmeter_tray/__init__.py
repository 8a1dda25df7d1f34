"""The Hexmeter tray: a view of the daemon in the desktop session, which also delivers its notifications."""
