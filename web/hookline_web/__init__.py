"""Hookline web page: Flask composes what is enabled."""
