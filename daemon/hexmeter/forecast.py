"""The forecast's public name: `hexmeter.forecast.forecast(request) -> answer`."""

from hexmeter.core.forecast import forecast

__all__ = ["forecast"]
