"""The admin site's tables, one file for those of a room."""
