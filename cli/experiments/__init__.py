"""The experiments of the source papers, one module each, run by ``entropic net experiment``."""
