"""Arrays of numbers in files of any kind: NumPy, Parquet, CSV and TSV, JSON lines."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.tables.budget import MemoryBudget
from elmo_core.tables.cells import as_text
from elmo_core.tables.parquet_tables import is_number_type, open_parquet, unpacked_bytes
from elmo_core.tables.vector_arrays import MAX_WIDTH, VectorFile, check_shape, group_columns, refuse_lengths
from elmo_core.tables.vector_texts import read_json_vectors, read_text_vectors
from elmo_core.text.encodings import decode
from elmo_core.text.unpacking import ZIP, read_bytes

_BATCH, _BLOCK = 1_000, 1 << 20
_NUMPY, _PARQUET = b"\x93NUMPY", b"PAR1"


def read_arrays(content: bytes, name: str, encoding: str | None = None) -> VectorFile:
    """Read all arrays of numbers in a file; nothing in it is run.

    Args:
        content: the bytes of the file.
        name: its name, for messages.
        encoding: of a text file, as Python names it; None = find out.

    Raises:
        InputError: it is damaged or too large.
    """
    if not content.strip():
        raise InputError(f"{name} is empty; choose a file of vectors.")
    is_named = name.lower().endswith((".npy", ".npz"))
    if content.startswith(_NUMPY):
        return VectorFile({"": _read_npy(content, name)}, {})
    if content.startswith(ZIP) and (is_named or b".npy" in content[:200]):
        return _read_npz(content, name)
    content, name = read_bytes(content, name) if not is_named else (content, name)
    if content.startswith(_PARQUET):
        return _read_parquet(content, name)
    if is_named:
        raise InputError(f"{name} is not a NumPy array. Save it with numpy.save.")
    if name.lower().endswith(".parquet"):
        raise InputError(f"{name} is not a Parquet file; write it anew.")
    decoded = decode(content, name, encoding)
    read = read_json_vectors if decoded.text.lstrip()[:1] in ("{", "[") else read_text_vectors
    return replace(read(decoded.text, name), notes=decoded.remarks())


def _read_npy(content: bytes, name: str) -> np.ndarray:
    """An array (n, D), whose header is checked before anything is allocated."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        is_first = version == (1, 0)
        read = np.lib.format.read_array_header_1_0 if is_first else np.lib.format.read_array_header_2_0
        found, is_fortran, dtype = read(stream)
        shape = tuple(int(one) for one in found)
    except Exception as error:  # the header is Python source, which can be wrong in any way
        brief = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise InputError(f"{name} is not a NumPy array ({brief}). Save it with numpy.save.") from None
    if dtype.kind not in "fiu":
        raise InputError(f"{name} holds {dtype}, not numbers; save an array of floats.")
    check_shape(shape, name)
    if len(content) - stream.tell() < dtype.itemsize * math.prod(shape):
        raise InputError(f"{name} ends before its array does; copy the file again.")
    values = np.frombuffer(content, dtype, math.prod(shape), stream.tell())
    return values.reshape(shape, order="F" if is_fortran else "C")


def _read_npz(content: bytes, name: str) -> VectorFile:
    """The arrays of an archive that are (n, D); those of n strings or numbers are columns."""
    arrays: dict[str, np.ndarray] = {}
    columns: dict[str, list[str]] = {}
    most = MemoryBudget(name, len(content)).most_bytes
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            if sum(info.file_size for info in file.infolist()) > most:
                raise InputError(f"{name} unpacks to more than {most >> 20:,} MB; take a part of it.")
            members = {
                info.filename.removesuffix(".npy"): _read_member(file, info) for info in file.infolist()
            }
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise InputError(f"{name} is not a NumPy array or archive ({error}); save it anew.") from None
    for title, values in members.items():
        if values is None:
            continue
        if values.ndim == 2 and values.dtype.kind in "fiu" and 2 <= values.shape[1] <= MAX_WIDTH:
            arrays[title] = values
        elif values.ndim == 1 and values.dtype.kind in "Ufiub":
            columns[title] = [as_text(cell) for cell in values.tolist()]
    n = max((len(values) for values in arrays.values()), default=0)
    return VectorFile(
        {title: values for title, values in arrays.items() if len(values) == n},
        {title: cells for title, cells in columns.items() if len(cells) == n},
    )


def _read_member(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray | None:
    """One array of an archive, read as a stream so that it is held once; None = of objects, or no array."""
    with file.open(info) as stream:
        try:
            values = np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
        except (ValueError, OSError, SyntaxError, TypeError, RecursionError, MemoryError):
            values = None
        while stream.read(_BLOCK):  # its check sum is compared at the end
            pass
    return values


def _read_parquet(content: bytes, name: str) -> VectorFile:
    """Lists and columns of numbers, batch by batch, never as Python objects."""
    import pyarrow
    import pyarrow.types as kinds

    budget = MemoryBudget(name, len(content))
    with open_parquet(content, name) as file:
        schema = file.schema_arrow
        lists = [field.name for field in schema if _is_list(field.type)]
        numeric = {
            field.name: kinds.is_floating(field.type) for field in schema if is_number_type(field.type)
        }
        batches: dict[str, list[np.ndarray]] = {field.name: [] for field in schema}
        cells: dict[str, list[str]] = {field.name: [] for field in schema if field.name not in lists}
        for batch in file.iter_batches(batch_size=_BATCH):
            for title, array in zip(schema.names, batch.columns, strict=True):
                budget.take(0, unpacked_bytes(array))
                if title in lists:
                    batches[title].append(_stacked(array, name, title))
                    continue
                if title in numeric:
                    plain = array.dictionary_decode() if isinstance(array, pyarrow.DictionaryArray) else array
                    batches[title].append(plain.to_numpy(zero_copy_only=False))
                cells[title] += [as_text(cell) for cell in array.to_pylist()]
    arrays = {title: _joined(batches[title], name, title) for title in lists}
    groups = group_columns(numeric)
    for title, members in groups.items():
        parts = [np.concatenate(batches[one]) for one in members if batches[one]]
        arrays[title] = np.stack(parts, axis=1) if parts else np.empty((0, len(members)), np.float32)
    used = {one for members in groups.values() for one in members} if not lists else set()
    return VectorFile(arrays, {title: values for title, values in cells.items() if title not in used})


def _is_list(kind: Any) -> bool:
    import pyarrow.types as kinds

    is_list = kinds.is_list(kind) or kinds.is_large_list(kind) or kinds.is_fixed_size_list(kind)
    return bool(is_list and is_number_type(kind.value_type))


def _stacked(array: Any, name: str, title: str) -> np.ndarray:
    """Arrow lists of one length as (n, D); rows without a list become nan."""
    import pyarrow.compute

    counted = pyarrow.compute.list_value_length(array).to_pylist()
    lengths = np.array([-1 if n is None else n for n in counted])
    widths = sorted(set(lengths[lengths >= 0].tolist()))
    if len(widths) > 1:
        refuse_lengths(widths, name, title)
    width = widths[0] if widths else 0
    numbers = array.flatten().to_numpy(zero_copy_only=False)
    if len(widths) == 1 and (lengths >= 0).all():
        return np.asarray(numbers.reshape(len(array), width))
    values = np.full((len(array), width), np.nan, np.float32)
    values[lengths >= 0] = numbers.reshape(-1, width) if width else 0
    return values


def _joined(parts: Sequence[np.ndarray], name: str, title: str) -> np.ndarray:
    """Batches as one array; those without any list take the width of the others."""
    widths = sorted({part.shape[1] for part in parts if part.shape[1]})
    if len(widths) > 1:
        refuse_lengths(widths, name, title)
    width = widths[0] if widths else 0
    check_shape((sum(map(len, parts)), max(width, 2)), name)
    filled = [part if part.shape[1] else np.full((len(part), width), np.nan, np.float32) for part in parts]
    return np.concatenate(filled) if filled else np.empty((0, 0), np.float32)
