"""Files that are no text or word2vec binary, named as what they are with what to do about it.

A file is known by its first bytes, whatever its name; pickles are never opened.
"""

from __future__ import annotations

import codecs
import zipfile
from pathlib import Path
from typing import NamedTuple

from elmo_core.exceptions import InputError

_READABLE = "GloVe or word2vec text, word2vec binary or fastText .vec"
_SAVE_AGAIN = 'save_word2vec_format("vectors.bin", binary=True)'
_GENSIM = f"open it with gensim, if you trust its source, and save it with {{how}}.{_SAVE_AGAIN}"
_PICKLE = (
    "a pickle, which can run code when it is opened; write its words and vectors as text in the program that "
    "made it"
)
_TAR_MARK, _TAR_PLACE = b"ustar", 257
_CONTROL = bytes((*range(9), *range(14, 32)))
_MOST_CONTROL = 0.05
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_PICKLE_STARTS = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))


class _Kind(NamedTuple):
    start: bytes
    what: str
    remedy: str


_KINDS = (
    _Kind(
        b"\xba\x16\x4f\x2f",
        "a fastText model (.bin or .ftz)",
        "take the .vec file beside it, or write one: fasttext print-word-vectors model.bin < words.txt",
    ),
    _Kind(
        b"\x93NUMPY",
        "a NumPy array (.npy) without words",
        "a file of vectors needs them: write one line a word, the word and its numbers",
    ),
    _Kind(
        b"SQLite format 3\0",
        "an SQLite database (.db, .magnitude)",
        "export its words and vectors as text, one line a word",
    ),
    _Kind(
        b"\x89HDF\r\n\x1a\n", "an HDF5 file", "write its words and vectors as text; a model goes to load_elmo"
    ),
    _Kind(b"PAR1", "a Parquet table", "export it as text, one line a word"),
    _Kind(b"ARROW1", "an Arrow table", "export it as text, one line a word"),
    _Kind(b"%PDF", "a PDF", f"give a file of vectors: {_READABLE}"),
    _Kind(b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it and give the file of vectors in it"),
    _Kind(b"Rar!", "a RAR archive", "unpack it and give the file of vectors in it"),
    _Kind(
        b"version https://git-lfs", "a Git LFS pointer, not the file itself", "fetch it with `git lfs pull`"
    ),
    _Kind(b"<!doctype html", "a web page", "the download went wrong; fetch the file of vectors itself"),
    _Kind(b"<html", "a web page", "the download went wrong; fetch the file of vectors itself"),
)


def refuse_other_formats(head: bytes, name: str) -> None:
    """Refuse the file that begins with these bytes if it is of a format that is not read.

    Raises:
        InputError: says which format it is and what to do.
    """
    lowered = head.lstrip()[:64].lower()
    for kind in _KINDS:
        if head.startswith(kind.start) or (kind.start.startswith(b"<") and lowered.startswith(kind.start)):
            raise _refusal(name, kind.what, kind.remedy)
    if head.startswith(_PICKLE_STARTS):
        raise _refusal(name, *_pickle(head))
    if head[_TAR_PLACE : _TAR_PLACE + len(_TAR_MARK)] == _TAR_MARK:
        raise _refusal(name, "a tar archive", "unpack it (tar -xf) and give the file of vectors in it")
    if head[8:10] == b'{"' and int.from_bytes(head[:8], "little") < 1 << 30:
        raise _refusal(
            name,
            "a safetensors file, which holds no words",
            "give the folder in which vocab.txt stands beside it, or write words and vectors as text",
        )


def is_narrow(head: bytes) -> bool:
    """Whether a file that begins like this can be UTF-8: few control characters, no mark of UTF-16 or 32."""
    n_control = len(head) - len(head.translate(None, _CONTROL))
    return not head.startswith(_WIDE_MARKS) and n_control <= _MOST_CONTROL * len(head)


def unknown_binary(name: str) -> InputError:
    """The error for a file that is neither text nor of a known format."""
    return _refusal(name, "a binary file of an unknown format", f"give {_READABLE}")


def refuse_other_archives(path: Path) -> None:
    """Refuse a `.zip` that is some program's own format.

    Raises:
        InputError: says which format it is and what to do.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile):
        return  # no .zip, or a damaged one: said when it is opened
    if names and all(name.endswith(".npy") for name in names):
        shown = ", ".join(name.removesuffix(".npy") for name in names[:4])
        raise _refusal(
            path.name,
            f"an archive of NumPy arrays (.npz: {shown})",
            "write one line a word, the word and its numbers",
        )
    if any(name.endswith("data.pkl") for name in names):
        raise _refusal(path.name, "a PyTorch file (.pt)", f"it is {_PICKLE}")
    if "[Content_Types].xml" in names:
        raise _refusal(path.name, "an Office document", "export it as text, one line a word")


def _pickle(head: bytes) -> tuple[str, str]:
    """Name the kind of object in a pickle, by the names in its beginning."""
    for module, what, how in (
        (b"gensim.models.keyedvectors", "vectors in gensim's own format (.kv)", "KeyedVectors.load(path)"),
        (b"gensim.models.word2vec", "a gensim Word2Vec model (.model)", "Word2Vec.load(path).wv"),
        (b"gensim.models.fasttext", "a gensim FastText model (.model)", "FastText.load(path).wv"),
        (b"gensim", "a file in gensim's own format", "KeyedVectors.load(path)"),
    ):
        if module in head[:4096]:
            return what, _GENSIM.format(how=how)
    return "a pickle", f"it is {_PICKLE}"


def _refusal(name: str, what: str, remedy: str) -> InputError:
    return InputError(f"{name} is {what}; it is not read here: {remedy}.")
