"""The engine itself, in each of its precisions."""

CODES = ()
