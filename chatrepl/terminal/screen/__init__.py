"""Events onto the terminal."""
