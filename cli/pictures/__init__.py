"""What ``--plot`` draws: one file a quantity, each with ``figure(record)``."""
