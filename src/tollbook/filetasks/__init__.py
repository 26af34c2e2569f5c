"""Recorded background work: its status, queue, progress and result file."""
