"""Writes a complete plugin for its author to begin with: `hookline plugins new NAME`."""
