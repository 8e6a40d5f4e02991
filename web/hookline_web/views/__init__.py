"""Core's pages. Each module holds a `blueprint` and, for menu entries, a tuple `NAVIGATION`; the app finds both."""
