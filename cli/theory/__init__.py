"""``entropic theory``: one file a command; options, one call into the house, one record."""
