"""Hookline: the minimal core. Plugins and the web page import from here, never the other way."""

__version__ = "0.1.0"
#: Version of the plugin contract (hookspecs and contributions); a plugin's manifest states the range it was built for.
PLUGIN_API_VERSION = "1.0"
#: The oldest contract that plugins may be built for and still be loaded: docs/explanation/plugin-api-versions.md.
OLDEST_PLUGIN_API_VERSION = "1.0"
