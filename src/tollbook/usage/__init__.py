"""Usage records as imported, and the lake that keeps them."""
