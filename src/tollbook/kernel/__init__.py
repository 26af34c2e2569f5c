"""Money, periods and errors; standard library only."""
