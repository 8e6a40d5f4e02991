"""Core's commands for whoever runs an installation; `hookline.cli` puts them together."""
