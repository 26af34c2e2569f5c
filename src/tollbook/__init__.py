"""Tollbook: the billing back office of a company that resells cloud and CDN services."""

__version__ = "0.1.0"
