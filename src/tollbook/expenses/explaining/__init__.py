"""An expense step by step, from usage records to its amount, by the functions of ``rating``."""
