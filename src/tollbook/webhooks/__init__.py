"""Webhooks: who wants to be told of what, and every message on its way."""
