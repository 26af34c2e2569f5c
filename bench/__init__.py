"""Ours beside what a Python team would use instead, measured in one run; ``make bench``."""
