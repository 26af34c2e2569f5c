"""Resellers, clients, payers, users, API keys, and who sees whom."""
