"""Quantity and price to amount: pure functions on exact decimals, one file for each calc rule."""
