"""Downloaded files read back: what they hold, as the lines that a report's digest is taken over."""
