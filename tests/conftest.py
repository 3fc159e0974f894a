"""Settings for all tests."""

from hypothesis import settings

# The first call of a function may compile it, which takes longer than any sensible deadline. ``make test`` draws the
# same cases every time, so that it judges the change and not the draw; ``make fuzz`` draws new ones.
settings.register_profile("neurosim", deadline=None, derandomize=True)
settings.register_profile("fuzz", deadline=None, derandomize=False, print_blob=True)
settings.load_profile("neurosim")
