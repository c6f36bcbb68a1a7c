"""The ``entropic`` command."""
