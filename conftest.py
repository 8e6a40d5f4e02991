"""Holds for every test, whichever folder it is in."""

from hypothesis import settings

from hookline.testing import network_guard

# From the first import on, fixtures of whole modules included; `loopback_only` then asks it after every test.
network_guard.install()

# The same examples each time, however slow the machine: a red run can be run again and is red again.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")
