"""Meters and their forecasts, computed from what is stored."""
