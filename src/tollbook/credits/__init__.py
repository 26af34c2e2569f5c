"""Bonus credits as a double-entry book: actions, operations, balances."""
