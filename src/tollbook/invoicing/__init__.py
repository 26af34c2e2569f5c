"""Closing a month: expenses become invoices and items, and the month a sealed segment."""
