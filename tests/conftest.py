"""Settings for all tests."""

from hypothesis import settings

# The first call of a function may compile it, which takes longer than any sensible deadline.
settings.register_profile("neurosim", deadline=None)
settings.load_profile("neurosim")
