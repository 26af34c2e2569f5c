"""SQL text in, Arrow out."""
