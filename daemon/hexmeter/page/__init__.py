"""The dashboard's page: its document in, HTML out. Pure."""
