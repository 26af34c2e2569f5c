"""PostgreSQL to file, end to end: Tollbook beside what a Python team would put together."""

from collections.abc import Callable, Sequence
from typing import Final

import psutil

from bench import figures
from bench.book import Book
from bench.contenders import CONTENDERS, Contender, Output
from bench.measuring import (
    SHORT_SECONDS,
    LeftOut,
    Measured,
    measure_all,
    type_of_outcome,
)
from bench.ours import report_columns
from bench.sampling import Sampled, sample
from bench.section import Section
from bench.span import Span

_HEADERS: Final = ("way", "rows/s", "MB/s", "time", "peak memory", "Tollbook is")
_SHARE_OF_MEMORY: Final = 0.6

type_of_outcomes = dict[tuple[str, Span], type_of_outcome]


def compare(
    book: Book, *, patience: float, repeats: int, tell: Callable[[str], None]
) -> list[Section]:
    """A section for each span of the book, after a check that all make the same report."""
    sampled = sample(book.sample, tell)
    outcomes = measure_all(
        CONTENDERS,
        book.spans,
        sampled=(book.sample, sampled.measured),
        patience=patience,
        spare_memory=psutil.virtual_memory().available * _SHARE_OF_MEMORY,
        repeats=repeats,
        tell=tell,
    )
    return [_section(span, outcomes, repeats, sampled) for span in book.spans]


def _section(span: Span, outcomes: type_of_outcomes, repeats: int, sampled: Sampled) -> Section:
    rows: list[Sequence[str]] = []
    for output in Output:
        ours = next(one for one in CONTENDERS if one.is_ours and one.output is output)
        best = outcomes[ours.code, span]
        assert isinstance(best, Measured)
        rows += [
            _row(contender, span, outcomes[contender.code, span], best)
            for contender in CONTENDERS
            if contender.output is output
        ]
    return Section(
        title=f"PostgreSQL to file, {span.rows:,} rows × {len(report_columns())} columns",
        headers=_HEADERS,
        rows=rows,
        notes=_notes(repeats, sampled),
    )


def _notes(repeats: int, sampled: Sampled) -> list[str]:
    notes = [
        (
            "Every way reads the same rows and columns of the same tables and writes a file; over "
            f"{sampled.span.rows:,} rows all of them were seen to hold the same values."
        ),
        (
            "Memory: the peak of a fresh process above what it held after its imports and its "
            f"connection. Each figure is the median of {repeats} runs in turn with the others, or "
            f"of one run that took over {SHORT_SECONDS} s."
        ),
        (
            "Tollbook's time holds the whole task: one consistent snapshot, the Parquet result "
            "with its digest and control totals, and then the file."
        ),
    ]
    lossy = [
        f"{one.label} ({sampled.changed_texts[one.code]})"
        for one in CONTENDERS
        if sampled.changed_texts[one.code]
    ]
    if lossy:
        notes.append(
            "Some of those change odd texts of the book, such as control characters, `_x0041_` or "
            f"`#REF!`; in those rows: {', '.join(lossy)}. Tollbook's files hold every text and "
            "every digit."
        )
    return notes


def _row(contender: Contender, span: Span, outcome: type_of_outcome, ours: Measured) -> list[str]:
    label = f"{contender.label} → {contender.output.upper()}"
    if isinstance(outcome, LeftOut):
        return [label, "—", "—", "—", "—", outcome.reason]
    return [
        label,
        figures.rate(span.rows, outcome.seconds),
        figures.megabytes_a_second(outcome.bytes, outcome.seconds),
        figures.seconds(outcome.seconds),
        figures.megabytes(outcome.memory),
        "" if contender.is_ours else f"{figures.times(outcome.seconds / ours.seconds)} as fast",
    ]
