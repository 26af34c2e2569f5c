"""What ``FocusCostAndUsage`` is made of: the standard's words, its columns, the SQL of its rows."""
