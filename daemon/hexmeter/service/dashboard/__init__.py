"""The dashboard: its listener, who may see it, and what it shows."""
