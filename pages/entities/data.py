"""Tagged sentences for a page: the bundled sample, or a user's files with their columns chosen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from elmo_core.embedder import Elmo
from elmo_core.learning.tagger import HEADS
from elmo_core.learning.tags.comparison import METHODS, TagComparisonSettings, usual_methods
from elmo_core.learning.tags.reading import read_token_file, read_token_path
from elmo_core.learning.tags.schemes import SCHEMES, as_scheme
from elmo_core.learning.tags.sentences import (
    TaggedSentences,
    TokenFile,
    split_sentences,
    tagged_sentences,
)
from elmo_core.plots.style import listing
from elmo_core.shipped import shipped
from elmo_core.tables.export import to_csv
from elmo_core.tables.records import MAX_BYTES, counted
from pages.common.files import PACKED
from pages.common.loaders import digest
from pages.common.markdown import escape_markdown
from pages.common.reading_choice import choose_encoding
from pages.common.results import session_results

SAMPLE, OWN = "Sample", "My file"
SUFFIXES = (
    "conll", "conllu", "conllup", "bio", "iob", "iob2", "bioes", "tsv", "txt", "jsonl", "ndjson", "json",
    "csv", "xlsx", "parquet", *PACKED,
)  # fmt: skip
TEST_SHARE = 0.2
_FOLDER = shipped("data/samples")
_PREVIEW_ROWS = 12
_FOUND_OUT = "found out"
_OF_MODEL, _OF_FILE = "the model's own", "a file of mine"


@dataclass(frozen=True)
class Corpus:
    """Sentences to learn from and to test on, and what their results are kept under."""

    key: str
    train: TaggedSentences
    test: TaggedSentences
    is_sample: bool
    is_split: bool = False
    """Whether the test sentences were taken out of the one file."""


@cache
def sample() -> Corpus:
    """The bundled sentences about people, organisations, places and dates."""
    paths = [_FOLDER / f"entities.{part}.conll" for part in ("train", "test")]
    train, test = (tagged_sentences(read_token_path(path)) for path in paths)
    return Corpus("sample", train, test, is_sample=True)


def choose_corpus(page: str, slot: DeltaGenerator) -> Corpus | None:
    """The sample until users ask for their own; None while that is missing.

    Args:
        page: prefix of the keys of all widgets.
        slot: where the choice between both goes; what belongs to a file goes where this is called.

    Raises:
        InputError: a file cannot be used.
    """
    kind = slot.segmented_control(
        "Sentences",
        (SAMPLE, OWN),
        default=SAMPLE,
        required=True,
        key=f"{page}_source",
        persist_state="session",
    )
    return sample() if kind == SAMPLE else _own(page)


def wants_own_static(page: str, slot: DeltaGenerator) -> bool:
    """Whether static vectors come from a file and not from the model's softmax.

    Args:
        page: prefix of the keys of all widgets.
        slot: where the widget goes.
    """
    chosen = slot.segmented_control(
        "Static vectors",
        (_OF_MODEL, _OF_FILE),
        default=_OF_MODEL,
        required=True,
        key=f"{page}_static",
        persist_state="session",
        help="Of the methods with static vectors: GloVe, word2vec or fastText in place of the model's own.",
    )
    return bool(chosen == _OF_FILE)


def choose_settings(page: str, elmo: Elmo, slot: DeltaGenerator) -> TagComparisonSettings:
    """What to compare, and how.

    Args:
        page: prefix of the keys of all widgets.
        elmo: the model, which decides on the usual methods.
        slot: where the widgets go.

    Raises:
        ConfigError: no method is chosen.
    """
    with slot:
        usual = usual_methods(elmo)
        methods = st.multiselect("Methods", METHODS, usual, key=f"{page}_methods", persist_state="session")
        head = st.segmented_control(
            "Head", HEADS, default=HEADS[0], required=True, key=f"{page}_head", persist_state="session"
        )
        st.caption(
            "lstm: a biLSTM reads the sentence once more. token: g(h_t, w_t) tags each token alone, its "
            "context comes from the biLM. A CRF decides in both."
        )
        passes = st.slider("Max epochs", 2, 60, 40, key=f"{page}_passes", persist_state="session")
        seed = int(st.number_input("Seed", 0, 9999, 0, key=f"{page}_seed", persist_state="session"))
    return TagComparisonSettings(tuple(methods), passes, head=head, seed=seed)


def _own(page: str) -> Corpus | None:
    """A user's files."""
    with st.container(border=True):
        left, right = st.columns(2, gap="large")
        first = left.file_uploader(
            "Tagged sentences: CoNLL, CoNLL-U, JSON or JSONL with spans, CSV of token and tag",
            type=SUFFIXES,
            max_upload_size=MAX_BYTES >> 20,
            key=f"{page}_train",
        )
        second = right.file_uploader(
            "Sentences to test on (without a file: a fifth of the first one, at random)",
            type=SUFFIXES,
            max_upload_size=MAX_BYTES >> 20,
            key=f"{page}_test",
        )
        if first is None:
            st.caption(
                "One token a line, its tag in another column, a blank line after each sentence. For example:"
            )
            st.code("Marta\tB-PER\nVidal\tI-PER\nsailed\tO\nto\tO\nBergen\tB-LOC\n.\tO", language=None)
            return None
        train, key = _chosen(page, first)
        if second is None:
            parts = split_sentences(train, TEST_SHARE, seed=0)
            return Corpus(key, *parts, is_sample=False, is_split=True)
        test, other = _chosen(f"{page}_second", second)
        return Corpus(f"{key} {other}", train, test, is_sample=False)


def _chosen(page: str, upload: Any) -> tuple[TaggedSentences, str]:
    """A file as sentences, by the columns that the user chooses, and its key."""
    content = upload.getvalue()
    prefix = f"{page}_{digest(content)[:12]}"  # what is chosen holds for this file alone
    row = st.container(horizontal=True)
    with row:
        encoding = choose_encoding(prefix)
    key = f"{digest(content)} {encoding}"
    file: TokenFile = session_results().get_or_compute(
        f"{key} {upload.name}", lambda: read_token_file(content, upload.name, encoding=encoding)
    )
    if file.tag_column is None:
        tagged_sentences(file)  # says what is missing
    with row:
        token = st.selectbox(
            "Token", file.columns, file.columns.index(file.token_column), key=f"{prefix}_token_column"
        )
        others = [name for name in file.columns if name != token] or list(file.columns)
        guess = others.index(file.tag_column) if file.tag_column in others else len(others) - 1
        tag = st.selectbox("Tag", others, guess, key=f"{prefix}_tag_column")
        chosen = st.selectbox(
            "Scheme",
            (_FOUND_OUT, *SCHEMES),
            key=f"{prefix}_scheme",
            help="How tags say where a span begins. BIOES is also called BILOU or BMES; plain tags are "
            "classes of single tokens.",
        )
    scheme = None if chosen == _FOUND_OUT else as_scheme(chosen)
    st.caption(escape_markdown(file.reason))
    with st.expander(
        f"{counted(len(file.sentences), 'sentence')} in {escape_markdown(file.name)} ({file.kind})"
    ):
        rows = [row for sentence in file.sentences[:_PREVIEW_ROWS] for row in sentence.rows][:_PREVIEW_ROWS]
        st.dataframe(
            pd.DataFrame(rows, columns=list(file.columns)), hide_index=True, alt="The first rows of your file"
        )
    data = session_results().get_or_compute(
        f"{key} {upload.name} {token!r} {tag!r} {scheme}", lambda: tagged_sentences(file, token, tag, scheme)
    )
    _say_left_out(page, file)
    for note in data.notes:
        st.caption(escape_markdown(note))
    return data, f"{key} {token!r} {tag!r} {scheme}"


def _say_left_out(page: str, file: TokenFile) -> None:
    """What could not be used, by line, with the whole list to take away."""
    if not file.skipped:
        return
    first = ", ".join(f"line {record.line}" for record in file.skipped[:5])
    more = " …" if len(file.skipped) > 5 else ""
    counts = list(file.skipped_counts.items())[:3]
    reasons = listing(reason if len(counts) == 1 else f"{reason} ({count:,})" for reason, count in counts)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(
            f"Left out {counted(len(file.skipped), 'sentence')}: {escape_markdown(reasons)} ({first}{more})."
        )
        st.download_button(
            "The list",
            lambda: to_csv(
                ("line", "reason", "content"),
                [(record.line, record.reason, record.content) for record in file.skipped],
            ),
            "left-out.csv",
            "text/csv",
            key=f"{page}_left_out",
            on_click="ignore",
        )
