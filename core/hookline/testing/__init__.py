"""What the authors of plugins and of Hookline itself test with. Nothing here imports pytest but `pytest_plugin`.

* `clock.VirtualClock`: time that moves only when a test says so.
* `simulated.SimulatedBackend`: a telephone network on that clock, each number behaving as told.
* `telephony_conformance`: the suite that every telephony backend passes.
* `pytest_plugin`: fixtures for the first two, for those who use pytest.
"""
