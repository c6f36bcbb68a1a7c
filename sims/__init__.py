"""What a computer experiment says."""
