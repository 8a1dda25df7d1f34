"""For all tests: properties are judged by what is true, not by how fast a busy machine finds out."""

from hypothesis import HealthCheck, settings

settings.register_profile("hexmeter", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hexmeter")
