"""What a Python team would put together for the same file, one file for each way."""
