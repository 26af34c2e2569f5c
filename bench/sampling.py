"""A look at a few rows before anything is measured: do all make the same report?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.contenders import CONTENDERS
from bench.contents import ContentsDiffer, check_same, noise_of, read_rows
from bench.measuring import Measured, write_once
from bench.ours import report_columns
from bench.span import Span


@dataclass(frozen=True)
class Sampled:
    """What it took everybody to write a few rows, and how many texts each changed; by code."""

    span: Span
    measured: Mapping[str, Measured]
    changed_texts: Mapping[str, int]


def sample(span: Span, tell: Callable[[str], None]) -> Sampled:
    """Let everybody write ``span`` once; ``ContentsDiffer`` where the rows are not the same."""
    columns = report_columns()
    measured: dict[str, Measured] = {}
    changed: dict[str, int] = {}
    expected = None
    with TemporaryDirectory(prefix="tollbook-bench-") as folder:
        for contender in CONTENDERS:
            tell(f"{contender.code}, a sample of {span.rows:,} rows")
            file = Path(folder) / f"{contender.code}.{contender.output}"
            measured[contender.code] = write_once(contender, span, file)
            rows = read_rows(file, columns)
            expected = expected or rows
            changed[contender.code] = check_same(
                contender.code, expected, rows, noise=noise_of(file)
            )
            if contender.is_ours and changed[contender.code]:
                raise ContentsDiffer(f"{contender.code} changed {changed[contender.code]} texts")
    return Sampled(span, measured, changed)
