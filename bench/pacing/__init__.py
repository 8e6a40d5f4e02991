"""Simulated shifts and the controllers that the pacer is measured against."""
