"""The JSON API at /api/v1: core's resources and the plugins', for programs that show a token."""
