"""Invoices as the ERP keeps them, and the adapters that reach it."""
