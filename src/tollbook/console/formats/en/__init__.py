"""English, with days as ISO 8601 has them."""
