"""The text of a new run: pasted, from one file or several, from a folder of the server, in some language."""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import streamlit as st

from elmo_core.exceptions import ElmoError, InputError
from elmo_core.pretraining.corpus import find_shards
from elmo_core.runs.texts import TextPart, sample_text, words_of
from elmo_core.serving.access import files_of_corpus
from elmo_core.text.tokenisation import check_language
from elmo_core.text.unpacking import open_bytes
from pages.common.loaders import digest
from pages.common.markdown import escape_markdown
from pages.common.permissions import corpora, may_name_files
from pages.common.results import kept_for_visitor
from pages.common.upload import PACKED, UploadedFile, has_upload, upload_file

_PASTED, _FILES, _SERVER, _SAMPLE = "Pasted text", "Files", "Files of this machine", "The bundled sample"
_MOST_PASTED = 2_000_000
_MOST_FILES = 20
_WORDS_A_SENTENCE = 20
_LOOKED_AT = 200_000  # lines of a text that are counted; the rest is taken to be like them
_HEAD = 1 << 20  # bytes that are packed, to find out what a packed file holds


@dataclass(frozen=True)
class ChosenText:
    """The text of a new run, with about how much of it there is."""

    key: str
    """What results about it are kept under."""
    name: str
    """Where it is from, in a few words."""
    parts: tuple[TextPart, ...]
    language: str
    n_words: int
    n_sentences: int
    counts: tuple[int, ...]
    """How often each word occurs, the most frequent first."""

    def n_types(self, min_count: int) -> int:
        """Different words that occur so often."""
        return sum(count >= min_count for count in self.counts)


def choose_text(page: str) -> ChosenText | None:
    """Let the visitor choose a text; None while there is none.

    Args:
        page: prefix of the keys of all widgets.

    Raises:
        InputError: it cannot be read, or its language has no tokeniser.
        CorpusError: no file matches a pattern.
    """
    kinds = [_PASTED, _FILES, *([_SERVER] if may_name_files() or corpora() else []), _SAMPLE]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Text", kinds, default=_PASTED, required=True, key=f"{page}_text", wrap=True
        )
        language = st.text_input(
            "Language", "en", max_chars=30, key=f"{page}_language", width=140,
            help="For the tokeniser: a code such as de, or the English name.",
        )  # fmt: skip
    try:
        code = check_language(language.strip() or "en")
        if kind == _PASTED:
            name, parts = _pasted(page)
        elif kind == _FILES:
            name, parts = _uploaded(page)
        elif kind == _SERVER:
            name, parts = _of_server(page)
        else:
            name, parts = "the bundled sample", (sample_text(),)
        return _counted(name, parts, code) if parts else None
    except ElmoError as error:
        st.error(escape_markdown(str(error)))
        return None


def _pasted(page: str) -> tuple[str, tuple[TextPart, ...]]:
    text = st.text_area(
        "Paste a text", key=f"{page}_pasted", max_chars=_MOST_PASTED, height=150, persist_state="session"
    )
    return "a pasted text", ((TextPart("the pasted text", text),) if text and text.strip() else ())


def _uploaded(page: str) -> tuple[str, tuple[TextPart, ...]]:
    """Files in fields of their own: a new field opens when one is filled."""
    files: list[UploadedFile] = []
    for number in range(_MOST_FILES):
        key = f"{page}_file_{number}"
        label = "Another file" if files else "A text file, one sentence or paragraph a line, also packed"
        file = upload_file(key, label, ("txt", *PACKED))
        if file is not None:
            files.append(file)
        elif not has_upload(f"{page}_file_{number + 1}"):
            break
    name = files[0].name if len(files) == 1 else f"{len(files)} files"
    return name, tuple(TextPart(file.name, file.content) for file in files)


def _of_server(page: str) -> tuple[str, tuple[TextPart, ...]]:
    offered = corpora()
    corpus = (
        st.selectbox("Corpus", list(offered), index=None, key=f"{page}_corpus", width=320)
        if offered
        else None
    )
    pattern = ""
    if may_name_files():
        pattern = st.text_input(
            "Folder or pattern", key=f"{page}_pattern", max_chars=500, disabled=corpus is not None,
            placeholder="a folder, or a pattern such as corpus/*.txt.gz",
        ).strip()  # fmt: skip
    if corpus is None and not pattern:
        return "", ()
    try:
        if corpus is not None:
            return corpus, _parts(files_of_corpus(offered[corpus]))
        folder = Path(pattern).expanduser()
        return pattern, _parts(files_of_corpus(folder) if folder.is_dir() else find_shards(str(folder)))
    except ElmoError:
        raise
    except (OSError, RuntimeError, ValueError) as error:  # no such user, too long a name, a closed folder
        raise InputError(
            f"{corpus or pattern} cannot be read ({error}); name another folder or pattern."
        ) from None


def _parts(files: list[Path]) -> tuple[TextPart, ...]:
    return tuple(TextPart(file.name, file) for file in files)


@kept_for_visitor(4)
def _counted(name: str, parts: tuple[TextPart, ...], language: str) -> ChosenText:
    """Count what the beginning of a text holds, and take the rest of its bytes to be like it."""
    counts, head = Counter[str](), bytearray()
    n_read = n_lines = n_bytes = 0
    for part in parts:
        for line in islice(part.lines(), _LOOKED_AT - n_read):
            n_read += 1
            n_lines += bool(line.strip())
            encoded = line.encode("utf-8", "ignore")
            n_bytes += len(encoded) + 1
            if len(head) < _HEAD:
                head += encoded + b"\n"
            counts.update(words_of(line))
    scale = 1.0
    if n_read >= _LOOKED_AT:
        unpacked = len(head) / len(zlib.compress(head))
        scale = max(1.0, sum(_n_bytes(part, unpacked) for part in parts) / n_bytes)
    n_words = round(scale * counts.total())
    key = digest(f"{name} {language} {[part.name for part in parts]} {hash(parts)}".encode())
    return ChosenText(
        key,
        name,
        parts,
        language,
        n_words,
        round(scale * max(n_lines, counts.total() / _WORDS_A_SENTENCE)),
        tuple(count for _, count in counts.most_common()),
    )


def _n_bytes(part: TextPart, unpacked: float) -> float:
    """About the bytes of a part in UTF-8; `unpacked` is how many a byte of a packed file stands for."""
    if isinstance(part.content, str):
        return len(part.content.encode("utf-8", "ignore"))
    with open_bytes(part.content, part.name) as file:
        return file.size * (unpacked if file.is_packed else 1.0)
