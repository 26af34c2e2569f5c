"""Figures as people read them: as many digits as the noise of a run leaves."""


def rate(rows: int, seconds: float) -> str:
    """Rows a second."""
    return f"{_two_digits(rows / seconds):,.0f}"


def megabytes_a_second(size: int, seconds: float) -> str:
    """MB/s of the finished file."""
    return f"{size / 1e6 / seconds:,.1f}"


def seconds(value: float) -> str:
    """Seconds."""
    return f"{value:.2f} s" if value < 10 else f"{value:.0f} s"


def milliseconds(value: float) -> str:
    """Seconds as milliseconds."""
    return f"{value * 1000:.1f} ms" if value < 0.1 else f"{value * 1000:.0f} ms"


def megabytes(size: float) -> str:
    """MB."""
    return f"{size / 1e6:,.0f} MB"


def times(ratio: float) -> str:
    """How many times as fast."""
    return f"{ratio:.1f} ×" if ratio < 10 else f"{ratio:.0f} ×"


def _two_digits(value: float) -> float:
    return float(f"{value:.2g}") if value < 1e6 else float(f"{value:.3g}")
