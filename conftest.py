"""Holds for every test, whichever folder it is in."""

from hypothesis import settings

pytest_plugins = ["tests.architecture.network_guard"]

# The same examples each time, however slow the machine: a red run can be run again and is red again.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")
