"""Property tests try the same examples in every run, and may take the time a busy machine needs for them."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("kplan", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kplan")
