"""The SQLite database: domain verbs over the only SQL."""
