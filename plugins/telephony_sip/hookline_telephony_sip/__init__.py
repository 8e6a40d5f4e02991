"""Hookline plugin: telephony_sip."""
