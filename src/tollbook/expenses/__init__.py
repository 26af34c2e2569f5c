"""Rated usage: one amount for each addendum, plan item, region and day."""
