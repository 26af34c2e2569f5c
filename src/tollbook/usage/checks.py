"""Records as they stand in a file → records of the lake, and what is wrong with the others.

Everything is done to columns. Of a column whose values repeat each distinct value is looked at
once in a file, and the findings are spread over the rows by number.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from tollbook.usage.names import Names
from tollbook.usage.readers.raw import RawBatch
from tollbook.usage.records import (
    LONGEST_RECORD_ID,
    LONGEST_RESOURCE_ID,
    OPTIONAL,
    REQUIRED,
    USAGE_SCHEMA,
)
from tollbook.usage.refusals import refusals
from tollbook.usage.seen import Check, Seen

_MISSING: Final = "is missing"
_BETWEEN: Final = "\t"
_CONTROL: Final = r"[\x00-\x1f\x7f]"
_SPACE: Final = 0x20
_DELETE: Final = 0x7F
_WHOLE: Final = r"^[0-9]{1,18}$"
_AMOUNT: Final = r"^0*[0-9]{1,18}(?:\.[0-9]{1,12}0*)?$"
_DECIMAL: Final = r"^[0-9]+(?:\.[0-9]+)?$"
_MOMENT: Final = (
    r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.[0-9]{1,6})?"
    r"(?:[Zz]|[+-](?:0[0-9]|1[0-9]|2[0-3]):[0-5][0-9])$"
)
_MOMENT_FORM: Final = "%Y-%m-%dT%H:%M:%S%.f%:z"
_UTC: Final = pl.Datetime("us", "UTC")
_CENTURY: Final = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_LARGEST: Final = 10**18
_EXACT: Final = pl.Decimal(38, 12)

GOOD: Final = ("line", *USAGE_SCHEMA.names)
"""The columns of good records: those of the lake, and the line."""


@dataclass(frozen=True)
class Checked:
    """Good records with the columns ``GOOD``, and every mistake of the others."""

    good: pl.DataFrame
    refused: pl.DataFrame
    records: int
    """How many records were looked at."""


def check_records(raw: RawBatch, names: Names, seen: Seen) -> Checked:
    """Look at every column of every record; ``seen`` is what was found by the same names before."""
    looked = _Looked(raw, seen)
    looked.look_at_texts("record_id", LONGEST_RECORD_ID)
    looked.look("client_id", lambda ids: _clients(ids, names))
    looked.look("feature", lambda found: _features(found, names))
    looked.look("period_start", _moments)
    looked.look("period_end", _moments)
    looked.look("amount", _amounts, by_value=False)
    looked.look_at_regions(names)
    looked.look_at_texts("resource_id", LONGEST_RESOURCE_ID)
    looked.look("addendum_id", lambda ids: _addendums(ids, names))
    looked.look("unit", lambda units: _units(units, names))
    looked.compare(names)
    return looked.checked()


class _Looked:
    """What is known of the records of a batch so far, a column of findings at a time."""

    def __init__(self, raw: RawBatch, seen: Seen) -> None:
        self._raw = raw
        self._seen = seen
        self._found: dict[str, pl.Series] = {"line": raw.lines.cast(pl.Int64)}
        self._mistakes: list[tuple[str, pl.Series]] = []

    def look(self, name: str, check: Check, *, by_value: bool = True) -> None:
        """Take in what ``check`` finds in the values: columns, and the reason of a mistake."""
        column = self._column(name)
        if _left_out(name, column):
            return
        if by_value:
            self._look_at_coded(name, _coded(column), check)
        else:
            self._take_in(name, _told(name, check(_plain(column))))

    def look_at_texts(self, name: str, longest: int) -> None:
        """Take in texts as they are, once it is clear that none is too long or odd."""
        column = self._column(name)
        if _left_out(name, column):
            return
        texts = _plain(column)
        if _is_plainly_right(column, longest):
            self._found[f"{name}.text"] = texts
        else:
            self._take_in(name, _told(name, _texts(texts, longest)))

    def look_at_regions(self, names: Names) -> None:
        """A region is known by its name among those of the feature's product, else of all."""
        coded = _coded(self._column("region"))
        product = self._found["feature.product_id"].to_arrow().cast(pa.int64()).fill_null(-1)
        products = (pc.max(product).as_py() or 0) + 2
        of_word = pc.multiply(coded.indices.cast(pa.int64()), products)
        pairs = pc.add(of_word, pc.add(product, 1)).dictionary_encode()
        word = pc.divide(pairs.dictionary, products)
        own = pc.subtract(pairs.dictionary, pc.multiply(word, products))
        words = coded.dictionary.cast(pa.string()).take(word)
        met = pc.binary_join_element_wise(own.cast(pa.string()), words, _BETWEEN)
        self._look_at_coded(
            "region",
            pa.DictionaryArray.from_arrays(pairs.indices, met),
            lambda found: _regions(found, names),
        )

    def _look_at_coded(self, name: str, coded: pa.DictionaryArray, check: Check) -> None:
        """Spread what is found in distinct values over the rows; a row without one has none."""
        found, places = self._seen.look(
            name, coded.dictionary, lambda values: _told(name, check(values))
        )
        codes = coded.indices if places is None else places.take(coded.indices)
        without = name in REQUIRED and codes.null_count > 0
        for column, values in found.columns.items():
            if column != "reason":
                self._found[f"{name}.{column}"] = _series(values.take(codes))
            elif found.has_mistakes or without:
                reasons = values.cast(pa.string()).take(codes)
                if without:
                    reasons = pc.if_else(pc.is_null(codes), _MISSING, reasons)
                self._blame(name, _series(reasons))

    def _take_in(self, name: str, findings: pl.DataFrame) -> None:
        for column in findings.iter_columns():
            if column.name == "reason":
                self._blame(name, column)
            else:
                self._found[f"{name}.{column.name}"] = column

    def compare(self, names: Names) -> None:
        """What shows only where several columns are looked at together."""
        frame = pl.DataFrame(self._found)
        start, end = pl.col("period_start.moment"), pl.col("period_end.moment")
        last = (end - pl.duration(microseconds=1)).dt.date()
        periods = (
            pl.when(end <= start)
            .then(pl.lit("is not after period_start"))
            .when(last != start.dt.date())
            .then(pl.lit("is on another UTC day than period_start; cut the record at midnight"))
        )
        self._blame("period_end", frame.select(periods).to_series())
        if "addendum_id.owner" in self._found:
            strange = pl.when(
                pl.col("addendum_id.owner") != pl.col("client_id.client_id").cast(pl.Int64)
            ).then(pl.lit("is no addendum of this client"))
            self._blame("addendum_id", frame.select(strange).to_series())
        if "unit.unit_id" in self._found:
            own = names.features.select("feature_id", "unit_name", of_feature="unit_id")
            other = pl.when(pl.col("unit.unit_id") != pl.col("of_feature")).then(
                pl.format("is not the unit of the feature, which is {}", "unit_name")
            )
            units = frame.select("unit.unit_id", feature_id="feature.feature_id").join(
                own, on="feature_id", how="left", maintain_order="left"
            )
            self._blame("unit", units.select(other).to_series())

    def checked(self) -> Checked:
        """Good records and the mistakes of the others."""
        frame = pl.DataFrame(
            {
                "line": self._found["line"],
                "record_id": self._found["record_id.text"],
                "client_id": self._found["client_id.client_id"],
                "feature_id": self._found["feature.feature_id"],
                "region_id": self._found["region.region_id"],
                "addendum_id": self._optional("addendum_id.addendum_id", pl.Int32),
                "resource_id": self._optional("resource_id.text", pl.String),
                "period_start": self._found["period_start.moment"],
                "period_end": self._found["period_end.moment"],
                "amount": self._found["amount.amount"],
            }
        )
        if not self._mistakes:
            return Checked(frame, self._raw.refused, self._raw.records)
        wrong = pl.select(
            pl.any_horizontal(reasons.is_not_null() for _, reasons in self._mistakes)
        ).to_series()
        refused = [self._refused(name, reasons) for name, reasons in self._mistakes]
        every = pl.concat([self._raw.refused, *refused], how="vertical").sort(
            "line", maintain_order=True
        )
        return Checked(frame.filter(~wrong), every, self._raw.records)

    def _refused(self, name: str, reasons: pl.Series) -> pl.DataFrame:
        wrong = reasons.is_not_null()
        mask = wrong.to_arrow()
        values = _shown(self._column(name).filter(mask))
        return refusals(
            self._found["line"].filter(wrong),
            column=name,
            values=values,
            reasons=reasons.filter(wrong),
            record_ids=_series(self._column("record_id").filter(mask).cast(pa.string())),
        )

    def _optional(self, name: str, kind: type[pl.DataType]) -> pl.Series:
        found = self._found.get(name)
        if found is None:
            return pl.Series(dtype=kind).extend_constant(None, len(self._raw.lines))
        return found

    def _column(self, name: str) -> pa.Array:
        if name not in self._raw.table.schema.names:
            return pa.nulls(len(self._raw.lines), pa.string())
        column = self._raw.table[name]
        if pa.types.is_null(column.type):
            return pa.nulls(len(column), pa.string())
        return _whole(column)

    def _blame(self, name: str, reasons: pl.Series) -> None:
        if reasons.null_count() < len(reasons):
            self._mistakes.append((name, reasons))


def _told(name: str, findings: pl.DataFrame) -> pl.DataFrame:
    """The findings with the reason of each mistake, also where a value is absent that may not."""
    if "reason" not in findings.columns:
        return findings
    missing = pl.col("absent") & (name in REQUIRED)
    reason = pl.when(missing).then(pl.lit(_MISSING)).otherwise("reason").cast(pl.String)
    return findings.with_columns(reason=reason).drop("absent")


def _left_out(name: str, column: pa.Array) -> bool:
    return name in OPTIONAL and column.null_count == len(column)


def _is_plainly_right(column: pa.Array, longest: int) -> bool:
    """Whether a look at all the bytes at once shows that nothing is wrong with any text."""
    if not pa.types.is_string(column.type) or column.null_count or not len(column):
        return False
    lengths = pc.binary_length(column)
    text = column.buffers()[2]
    if text is None or not 0 < pc.min(lengths).as_py() <= pc.max(lengths).as_py() <= longest:
        return False
    bytes_ = _series(pa.Array.from_buffers(pa.uint8(), text.size, [None, text]))
    return not ((bytes_ < _SPACE) | (bytes_ == _DELETE)).any()


def _shown(column: pa.Array) -> pl.Series:
    """The values as texts; numbers without the zeros that their type adds at the end."""
    if not pa.types.is_decimal(column.type):
        return _series(column.cast(pa.string()))
    return _series(column).cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")


def _coded(column: pa.Array) -> pa.DictionaryArray:
    return column if pa.types.is_dictionary(column.type) else column.dictionary_encode()


def _whole(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.chunks else pa.nulls(0, column.type)


def _series(column: pa.Array) -> pl.Series:
    found = pl.from_arrow(column)
    if not isinstance(found, pl.Series):
        raise TypeError(f"{column.type} is no column")
    return found


def _plain(column: pa.Array) -> pl.Series:
    return _series(column.dictionary_decode() if pa.types.is_dictionary(column.type) else column)


def _findings(values: pl.Series, absent: pl.Expr, **found: pl.Expr) -> pl.DataFrame:
    """The expressions ``found``, over the column ``value``; none is wrong that is absent."""
    reason = pl.when(~pl.col("absent")).then(pl.col("reason"))
    frame = pl.DataFrame({"value": values}).lazy().with_columns(absent=absent, **found)
    return frame.with_columns(reason=reason).drop("value").collect()


def _empty(values: pl.Series) -> pl.Expr:
    value = pl.col("value")
    return value.is_null() | (value == "") if values.dtype == pl.String else value.is_null()


def _texts(values: pl.Series, longest: int) -> pl.DataFrame:
    value = pl.col("value")
    reason = (
        pl.when(value.str.len_chars() > longest)
        .then(pl.lit(f"is longer than {longest} characters"))
        .when(value.str.contains(_CONTROL))
        .then(pl.lit("holds a control character"))
    )
    text = pl.when(value != "").then(value)
    return _findings(values.cast(pl.String), _empty(values), text=text, reason=reason)


def _ids(values: pl.Series) -> pl.Expr:
    """Whole numbers as they are given: as text, as integers, or as decimals of JSON."""
    value = pl.col("value")
    if values.dtype == pl.String:
        return pl.when(value.str.contains(_WHOLE)).then(value).cast(pl.Int64, strict=False)
    if values.dtype.is_decimal():
        return pl.when(value == value.floor()).then(value).cast(pl.Int64, strict=False)
    return value.cast(pl.Int64)


def _clients(values: pl.Series, names: Names) -> pl.DataFrame:
    number = _ids(values)
    reason = (
        pl.when(number.is_null())
        .then(pl.lit("is no whole number"))
        .when(~number.is_in(names.clients.implode()))
        .then(pl.lit("is no client that is known here"))
    )
    known = pl.when(number.is_in(names.clients.implode())).then(number).cast(pl.Int32)
    return _findings(values, _empty(values), client_id=known, reason=reason)


def _features(values: pl.Series, names: Names) -> pl.DataFrame:
    found = pl.DataFrame({"feature": values.cast(pl.String)}).join(
        names.features, on="feature", how="left", maintain_order="left"
    )
    unknown = pl.lit("is no feature that is known here")
    reason = pl.when(pl.Series(found["feature_id"]).is_null()).then(unknown)
    findings = _findings(values, _empty(values), reason=reason)
    return findings.hstack(found.select("feature_id", "product_id"))


def _regions(values: pl.Series, names: Names) -> pl.DataFrame:
    """The findings on a product's number, plus one, and the name of a region."""
    parts = values.str.splitn(_BETWEEN, 2).struct
    product_id = parts.field("field_0").cast(pl.Int32) - 1
    met = pl.DataFrame({"product_id": product_id, "region": parts.field("field_1")}).with_columns(
        product_id=pl.when(pl.col("product_id") >= 0).then("product_id")
    )
    own = names.regions.drop_nulls("product_id")
    general = names.regions.filter(pl.col("product_id").is_null()).select(
        "region", general="region_id"
    )
    found = met.join(own, on=("region", "product_id"), how="left", maintain_order="left").join(
        general, on="region", how="left", maintain_order="left"
    )
    region = pl.coalesce("region_id", "general")
    reason = pl.when(region.is_null() & pl.col("product_id").is_not_null()).then(
        pl.lit("is no region that is known here for this feature")
    )
    absent = pl.col("region").is_null() | (pl.col("region") == "")
    return found.select(region_id=region, absent=absent, reason=reason)


def _addendums(values: pl.Series, names: Names) -> pl.DataFrame:
    number = pl.DataFrame({"value": values}).select(addendum_id=_ids(values))
    found = number.join(names.addendums, on="addendum_id", how="left", maintain_order="left")
    reason = (
        pl.when(pl.Series(found["addendum_id"]).is_null())
        .then(pl.lit("is no whole number"))
        .when(pl.Series(found["owner"]).is_null())
        .then(pl.lit("is no addendum of this client"))
    )
    findings = _findings(values, _empty(values), reason=reason)
    known = pl.when(pl.col("owner").is_not_null()).then("addendum_id").cast(pl.Int32)
    return findings.hstack(found.select("owner", addendum_id=known))


def _units(values: pl.Series, names: Names) -> pl.DataFrame:
    found = pl.DataFrame({"unit": values.cast(pl.String)}).join(
        names.units, on="unit", how="left", maintain_order="left"
    )
    unknown = pl.lit("is no unit that is known here")
    reason = pl.when(pl.Series(found["unit_id"]).is_null()).then(unknown)
    return _findings(values, _empty(values), reason=reason).hstack(found.select("unit_id"))


def _moments(values: pl.Series) -> pl.DataFrame:
    value = pl.col("value")
    if values.dtype == _UTC:
        reason = pl.when(_of_another_century(value)).then(pl.lit("is not between 2000 and 2100"))
        return _findings(values, _empty(values), moment=value, reason=reason)
    plain = pl.when(value.str.contains(_MOMENT)).then(value.str.to_uppercase())
    one_form = plain.str.replace(" ", "T", literal=True).str.replace("Z", "+00:00", literal=True)
    moment = one_form.str.to_datetime(_MOMENT_FORM, time_unit="us", strict=False)
    reason = pl.when(moment.is_null() | _of_another_century(moment)).then(
        pl.lit(
            "is no moment of this century with an offset, such as 2026-10-05T14:00:00Z"
            " or 2026-10-05T16:00:00+02:00"
        )
    )
    return _findings(values, _empty(values), moment=moment, reason=reason)


def _of_another_century(moment: pl.Expr) -> pl.Expr:
    return (moment < _CENTURY[0]) | (moment >= _CENTURY[1])


def _amounts(values: pl.Series) -> pl.DataFrame:
    value = pl.col("value")
    if values.dtype != pl.String:
        amount = value.cast(_EXACT, strict=False)
        reason = _out_of_range(amount)
        return _findings(values, _empty(values), amount=amount, reason=reason)
    if values.str.contains(_AMOUNT).all(ignore_nulls=False):
        return pl.DataFrame({"amount": values.cast(_EXACT)})
    plain = pl.when(value.str.contains(_AMOUNT)).then(value)
    reason = pl.when(plain.is_null()).then(
        pl.when(value.str.contains(r"^-[0-9.]+$"))
        .then(pl.lit("is negative"))
        .when(value.str.contains(_DECIMAL))
        .then(pl.lit("has more than 18 digits before the point or more than 12 after it"))
        .otherwise(pl.lit("is no decimal number such as 1234.5; no exponent, no separators"))
    )
    return _findings(values, _empty(values), amount=plain.cast(_EXACT, strict=False), reason=reason)


def _out_of_range(amount: pl.Expr) -> pl.Expr:
    large = pl.lit("has more than 18 digits before the point or more than 12 after it")
    return (
        pl.when(amount.is_null() | (amount >= _LARGEST))
        .then(large)
        .when(amount < 0)
        .then(pl.lit("is negative"))
    )
