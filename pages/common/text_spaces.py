"""A whole text embedded once for a session, and the static vectors to hold against it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import streamlit as st

from elmo_core.contrast.as_static import type_averages, vectors_of_words_alone
from elmo_core.contrast.text_space import TextSpace, embed_text
from elmo_core.pretraining.word2vec import Word2VecSettings
from elmo_core.senses.study import view_names
from elmo_core.static.loading import LoadedVectors, load_vectors_file
from elmo_core.static.registry import SHIPPED, load_static
from elmo_core.static.training import vectors_of_sentences
from elmo_core.static.vectors import StaticVectors
from elmo_core.tables.records import counted
from elmo_core.text.tokenisation import tokenise
from pages.common import jobs
from pages.common.loaders import Source, digest, load_model, model_name, sample
from pages.common.markdown import escape_markdown
from pages.common.results import kept_for_all

SHIPPED_STATIC = "word2vec, shipped"
LAYER_0, AVERAGE, OWN, FILE = "Token vector", "Type average", "word2vec of this text", "A file of vectors"
KINDS = (SHIPPED_STATIC, LAYER_0, AVERAGE, OWN, FILE)
_SHORT_TEXT = 8_000  # characters; a longer one is embedded as a job
_LEARNING = Word2VecSettings(dim=100, epochs=10, subsample=1e-3, learning_rate=0.05)
_MOST_UPLOADED_MB = 1_000
_LONGEST_NAME = 60  # a character takes up to 4 of the 255 bytes that a name may have


@dataclass(frozen=True)
class ChosenStatic:
    """Static vectors, and Python that makes them."""

    vectors: StaticVectors
    needs: str
    """Its line of import."""
    recipe: str
    """Makes `static` of `elmo`, `tokens`, `space` and `weights`."""


def weights_of(view: str, n_layers: int) -> tuple[float, ...]:
    """The weights of the layers in a view of `view_names`."""
    names = view_names(n_layers)
    if view == names[-1]:
        return (1.0,) * n_layers
    return tuple(float(name == view) for name in names[:-1])


def tokens_of(source: Source) -> list[list[str]]:
    """The tokenised sentences of a text."""
    return [tokenise(sentence) for sentence in source.text.sentences]


def space_of(page: str, source: Source) -> TextSpace:
    """All tokens of a text with their vectors; the page waits for the job that embeds a long one."""
    if source.is_sample:
        with st.spinner("Reading the sample"):
            return sample_space(model_name())
    key = f"text {model_name()} {source.key}"
    space: TextSpace = _held(page, "space", key, lambda: _embed(page, key, source))
    return space


@kept_for_all(2)
def sample_space(model: str) -> TextSpace:
    """The sample, once for all sessions."""
    return embed_text(load_model(model), tokens_of(sample()))


@kept_for_all(1)
def shipped_vectors() -> StaticVectors:
    """The vectors that ship, mapped once for all sessions."""
    return load_static(SHIPPED)


def choose_static(page: str, kind: str, source: Source, space: TextSpace, view: str) -> ChosenStatic:
    """The static vectors of a kind; asks for the file, or waits for the job that learns or reads them.

    Args:
        page: prefix of all keys.
        kind: one of `KINDS`.
        source: the text.
        space: the same embedded.
        view: the mix of layers that a type average takes.
    """
    elmo = load_model(model_name())
    key = f"{kind} {model_name()} {source.key} {view}"
    if kind == LAYER_0:
        weights = weights_of(LAYER_0, elmo.n_layers)
        words = tuple(space.rows_by_word)
        alone = _held(page, "static", key, lambda: vectors_of_words_alone(elmo, words, weights, LAYER_0))
        return ChosenStatic(
            alone,
            "from elmo_core.contrast.as_static import vectors_of_words_alone",
            f"static = vectors_of_words_alone(elmo, tuple(space.rows_by_word), {weights}, {LAYER_0!r})",
        )
    if kind == AVERAGE:
        weights = weights_of(view, elmo.n_layers)
        name = f"{AVERAGE}, {view}"
        return ChosenStatic(
            _held(page, "static", key, lambda: type_averages(space, weights, name)),
            "from elmo_core.contrast.as_static import type_averages",
            f"static = type_averages(space, weights, {name!r})",
        )
    if kind == OWN:
        learnt: StaticVectors = _held(page, "static", f"{kind} {source.key}", lambda: _learn(page, source))
        _explain_learning(learnt)
        return ChosenStatic(
            learnt,
            "from elmo_core.pretraining.word2vec import Word2VecSettings\n"
            "from elmo_core.static.training import vectors_of_sentences",
            f"static = vectors_of_sentences(tokens, {_LEARNING!r}, {OWN!r})",
        )
    if kind == FILE:
        return vectors_from_file(page)
    return ChosenStatic(
        shipped_vectors(), "from elmo_core import load_static", f"static = load_static({SHIPPED!r})"
    )


def _held(page: str, name: str, key: str, make: Any) -> Any:
    """The last result under this name, as long as the key is the same."""
    slot = f"{page}_{name}_held"
    if slot not in st.session_state or st.session_state[slot][0] != key:
        st.session_state[slot] = (key, make())
    return st.session_state[slot][1]


def _embed(page: str, key: str, source: Source) -> TextSpace:
    elmo = load_model(model_name())
    if sum(map(len, source.text.sentences)) <= _SHORT_TEXT:
        return embed_text(elmo, tokens_of(source))

    def work(job: jobs.Job) -> TextSpace:
        return embed_text(elmo, tokens_of(source), report=job.report)

    space: TextSpace = jobs.awaited(page, key, "Reading the text", work)
    return space


def _learn(page: str, source: Source) -> StaticVectors:
    def work(job: jobs.Job) -> StaticVectors:
        def report(done: int, total: int) -> None:
            job.report(f"{done:,} of {total:,} words", done / total)

        sentences: Sequence[Sequence[str]] = tokens_of(source)
        return vectors_of_sentences(sentences, _LEARNING, OWN, progress=report)

    learnt: StaticVectors = jobs.awaited(f"{page}_static", f"learn {source.key}", "Learning word2vec", work)
    return learnt


def _safe_name(name: str) -> str:
    """The name of an upload as one of a file in our own folder, so that messages speak of that name."""
    return re.sub(r"[^\w.-]", "_", name)[-_LONGEST_NAME:].lstrip(".") or "vectors"


def _explain_learning(learnt: StaticVectors) -> None:
    st.caption(
        f"Learnt from {learnt.about['corpus_tokens']:,} tokens: CBOW, width {_LEARNING.dim}, "
        f"{_LEARNING.epochs} passes, words used twice or more, seed {_LEARNING.seed}. "
        "word2vec wants millions of tokens; with a short text expect little of it."
    )


def vectors_from_file(page: str) -> ChosenStatic:
    """Vectors from a user's file, kept for this session; the page stops until they are read.

    Args:
        page: prefix of all keys.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        file = st.file_uploader(
            "GloVe, word2vec (text or binary) or fastText .vec; plain, .gz or .zip",
            max_upload_size=min(_MOST_UPLOADED_MB, st.get_option("server.maxUploadSize")),
            key=f"{page}_vectors",
        )
        most = st.number_input(
            "Words to read at most", 1_000, 10_000_000, 200_000, step=50_000, key=f"{page}_most", width=200
        )
    if file is None:
        st.info("Choose a file of vectors: they are used once they are read.")
        st.stop()
    content = file.getvalue()

    def read() -> LoadedVectors:
        def work(job: jobs.Job) -> LoadedVectors:
            def report(done: int, total: int) -> None:
                job.report("", done / max(total, 1))

            with TemporaryDirectory() as name:
                folder = Path(name)
                path = folder / _safe_name(file.name)
                path.write_bytes(content)
                kept = folder / "kept in"  # no upload is called that
                found = load_vectors_file(path, max_words=int(most), kept_in=kept, progress=report)
                vectors = found.vectors
                in_memory = np.array(vectors.matrix)
            return LoadedVectors(
                StaticVectors(vectors.name, vectors.words, in_memory, vectors.about), found.report
            )

        loaded: LoadedVectors = jobs.awaited(f"{page}_static", key, "Reading the vectors", work)
        return loaded

    key = f"file {digest(content)} {most}"
    loaded: LoadedVectors = _held(page, "file", key, read)
    report = loaded.report
    limit = ", the most that may be read" if report.has_limit else ""
    st.caption(
        f"{escape_markdown(file.name)}: {counted(report.n_read, 'word')} of width "
        f"{loaded.vectors.dim}{limit}."
    )
    if remarks := report.summary():
        st.warning(escape_markdown(remarks))
    return ChosenStatic(
        loaded.vectors,
        "from elmo_core.static.loading import load_vectors_file",
        f"static = load_vectors_file(Path({file.name!r}), max_words={int(most)}).vectors",
    )
