"""Lines of CSV of sealed months, made once: a report on them need not make their text again."""
