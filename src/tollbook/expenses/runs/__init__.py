"""Rating runs: what should be of a month, beside what is there, and only the difference written."""
