"""Hookline plugin: gdpr."""
