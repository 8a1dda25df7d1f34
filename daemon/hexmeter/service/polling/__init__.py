"""What one poll does: who is watched, which pages are read, what is counted."""
