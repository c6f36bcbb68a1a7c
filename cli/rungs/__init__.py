"""The rungs of ``entropic compare``, each with one public function ``climb``."""
