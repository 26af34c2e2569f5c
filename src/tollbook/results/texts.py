"""Columns of texts as dictionaries in the order of first sight: equal rows are equal bytes."""

import pyarrow as pa
import pyarrow.compute as pc


def encode_texts(texts: pa.Array) -> pa.DictionaryArray:
    """The texts as a dictionary of those that occur, each once, in the order of first sight.

    What comes as a dictionary is not read text by text again.
    """
    if not pa.types.is_dictionary(texts.type):
        return texts.dictionary_encode()
    once = texts.dictionary.dictionary_encode()
    places = once.indices.take(texts.indices)
    seen = pc.unique(places).drop_null()
    return pa.DictionaryArray.from_arrays(
        pc.index_in(places, value_set=seen), once.dictionary.take(seen)
    )


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """All chunks of a column as one array, of one dictionary where they have several."""
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return column.combine_chunks()
