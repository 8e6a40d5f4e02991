"""The scenarios of the telephony conformance kit, by theme. `hookline.testing.telephony_conformance` joins them."""
