"""Commands of ``entropic sim``."""
