"""Hookline plugin: telephony_twilio."""
