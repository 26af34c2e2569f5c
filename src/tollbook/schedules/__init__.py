"""Schedules: reports and closings that are asked for at their time, and where the result goes."""
