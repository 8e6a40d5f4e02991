"""Hookline plugin: monitoring."""
