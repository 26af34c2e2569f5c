"""Typed result files of background work: declared columns, exact values, one digest."""
