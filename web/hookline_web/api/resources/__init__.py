"""Core's resources, one module each."""
