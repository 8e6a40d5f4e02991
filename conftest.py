"""Holds for every test, whichever folder it is in."""

pytest_plugins = ["tests.architecture.network_guard"]
