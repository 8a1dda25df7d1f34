"""Delivery on the channels that the daemon sends on itself: webhooks, and Apprise's."""
