"""Tagged sentences to learn from: the bundled sample, or the visitor's files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from elmo_core.encoders.protocol import Encoder
from elmo_core.learning.tagger import HEADS
from elmo_core.learning.tags.reading import read_token_file, read_token_path
from elmo_core.learning.tags.results import METHODS, TagComparisonSettings
from elmo_core.learning.tags.schemes import SCHEMES, as_scheme
from elmo_core.learning.tags.sentences import (
    TaggedSentences,
    TokenFile,
    notes_on_test,
    split_sentences,
    tagged_sentences,
)
from elmo_core.learning.tags.task import usual_methods
from elmo_core.plots.style import listing
from elmo_core.shipped import shipped
from elmo_core.tables.records import counted
from pages.common.markdown import escape_markdown
from pages.common.reading_choice import choose_encoding
from pages.common.upload import PACKED, UploadedFile, read_file, reading_prefix, show_skipped, upload_file

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
    """Sentences to learn from and to test on, and the key of their results."""

    key: str
    train: TaggedSentences
    test: TaggedSentences
    is_sample: bool
    is_split: bool = False
    """Whether the test sentences were split off the one file."""


@cache
def sample() -> Corpus:
    """Return the bundled sentences about people, organisations, places and dates."""
    paths = [_FOLDER / f"entities.{part}.conll" for part in ("train", "test")]
    train, test = (tagged_sentences(read_token_path(path)) for path in paths)
    return Corpus("sample", train, test, is_sample=True)


def choose_corpus(page: str, slot: DeltaGenerator) -> Corpus | None:
    """Return the sample until visitors ask for their own files; None while these are missing.

    Args:
        page: prefix of the keys of all widgets.
        slot: where the choice between both goes; what belongs to a file goes where this is called.

    Raises:
        InputError: a file cannot be used.
    """
    return sample() if _option(slot, "Sentences", (SAMPLE, OWN), f"{page}_source") == SAMPLE else _own(page)


def wants_own_static(page: str, slot: DeltaGenerator) -> bool:
    """Let the visitor choose static vectors; return whether they come from a file.

    Args:
        page: prefix of the keys of all widgets.
        slot: where the widget goes.
    """
    about = "For methods with static vectors: GloVe, word2vec or fastText instead of the model's own."
    return _option(slot, "Static vectors", (_OF_MODEL, _OF_FILE), f"{page}_static", about) == _OF_FILE


def _option(
    slot: DeltaGenerator, label: str, options: tuple[str, ...], key: str, help: str | None = None
) -> str:
    """Return the option that the visitor chooses, by default the first."""
    return str(
        slot.segmented_control(
            label, options, default=options[0], required=True, key=key, persist_state="session", help=help
        )
    )


def choose_settings(page: str, elmo: Encoder, slot: DeltaGenerator) -> TagComparisonSettings:
    """Let the visitor choose what to compare, and how.

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
            "lstm: a biLSTM reads the sentence once more. token: g(h_t, w_t) tags each token alone; its "
            "context comes from the biLM. A CRF decides in both."
        )
        passes = st.slider("Max epochs", 2, 60, 40, key=f"{page}_passes", persist_state="session")
        seed = int(st.number_input("Seed", 0, 9999, 0, key=f"{page}_seed", persist_state="session"))
    return TagComparisonSettings(tuple(methods), passes, head=head, seed=seed)


def _own(page: str) -> Corpus | None:
    """Return the sentences of the visitor's files."""
    with st.container(border=True):
        left, right = st.columns(2, gap="large")
        first = upload_file(
            f"{page}_train",
            "Tagged sentences: CoNLL, CoNLL-U, JSON or JSONL with spans, CSV of token and tag",
            SUFFIXES,
            place=left,
        )
        second = upload_file(
            f"{page}_test",
            "Sentences to test on (without a file: a fifth of the first one, at random)",
            SUFFIXES,
            place=right,
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
        for said in notes_on_test(train, test):
            st.warning(escape_markdown(said))
        return Corpus(f"{key} {other}", train, test, is_sample=False)


def _chosen(page: str, upload: UploadedFile) -> tuple[TaggedSentences, str]:
    """Return a file as sentences, by the columns that the visitor chooses, and its key."""
    prefix = reading_prefix(page, upload)
    row = st.container(horizontal=True)
    with row:
        encoding = choose_encoding(prefix)
    key = f"{upload.key} {encoding}"
    file: TokenFile = read_file(
        f"{page}_read",
        upload,
        ("tokens", encoding),
        lambda job: job.apart(read_token_file, upload.content, upload.name, encoding=encoding),
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
            help="How tags mark the beginning of a span. BIOES is also called BILOU or BMES; plain tags are "
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
    data: TaggedSentences = upload.results.get_or_compute(
        ("tagged", key, upload.name, token, tag, scheme), lambda: tagged_sentences(file, token, tag, scheme)
    )
    _show_skipped(prefix, file)
    for note in data.notes:
        st.caption(escape_markdown(note))
    return data, f"{key} {token!r} {tag!r} {scheme}"


def _show_skipped(prefix: str, file: TokenFile) -> None:
    """Say what of a file could not be used, by line, and offer the list of it."""
    if not file.skipped:
        return
    first = ", ".join(f"line {record.line}" for record in file.skipped[:5])
    more = " …" if len(file.skipped) > 5 else ""
    counts = list(file.skipped_counts.items())[:3]
    reasons = listing(reason if len(counts) == 1 else f"{reason} ({count:,})" for reason, count in counts)
    show_skipped(
        prefix,
        f"{counted(len(file.skipped), 'sentence')} skipped: {reasons} ({first}{more}).",
        ("line", "reason", "content"),
        [(record.line, record.reason, record.content) for record in file.skipped],
    )
