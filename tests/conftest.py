"""Fixtures every test may use."""

from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing about the program.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

pytest_plugins = ["tests.support.fixtures", "tests.support.sqlsubset"]
