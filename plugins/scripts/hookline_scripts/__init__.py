"""Hookline plugin: scripts."""
