"""Addendums, subscriptions and discounts: what a client has agreed to."""
