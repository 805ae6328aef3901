"""A whole text embedded once for its visitor, and the static vectors to compare with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import streamlit as st

from elmo_core.config import layer_name
from elmo_core.contrast.as_static import type_averages, vectors_of_words_alone
from elmo_core.contrast.text_space import TextSpace, embed_text, weights_of
from elmo_core.pretraining.word2vec import Word2VecSettings
from elmo_core.progress import Report, share_of
from elmo_core.static.loading import LoadedVectors, load_vectors_file
from elmo_core.static.registry import SHIPPED, load_static
from elmo_core.static.training import vectors_of_sentences
from elmo_core.static.vectors import StaticVectors
from elmo_core.tables.records import counted
from elmo_core.text.tokenisation import tokenise
from elmo_core.text.unpacking import zip_members
from pages.common import jobs
from pages.common.chosen_model import model_name
from pages.common.job import Job
from pages.common.loaders import Source, load_model, sample
from pages.common.markdown import escape_markdown
from pages.common.results import ResultStore, kept_for_all, visitor_results
from pages.common.upload import UploadedFile, upload_file

SHIPPED_STATIC = "word2vec, shipped"
LAYER_0, AVERAGE, OWN, FILE = layer_name(0), "Type average", "word2vec of this text", "A file of vectors"
KINDS = (SHIPPED_STATIC, LAYER_0, AVERAGE, OWN, FILE)
_CHARACTERS_PER_S = 4_000  # embedded on one busy core
_WORDS_PER_S = 3_000  # each embedded alone
_LEARNED_PER_S = 200_000  # words by word2vec, in one epoch
_LEARNING = Word2VecSettings(dim=100, epochs=10, subsample=1e-3, learning_rate=0.05)
_MOST_UPLOADED_MB = 1_000
_LONGEST_NAME = 60  # a character takes up to 4 of the 255 bytes that a name may have


@dataclass(frozen=True)
class ChosenStatic:
    """Static vectors, and Python that creates them."""

    vectors: StaticVectors
    needs: str
    """Imports of the recipe."""
    recipe: str
    """Creates `static` from `elmo`, `tokens`, `space` and `weights`."""


def tokens_of(source: Source) -> list[list[str]]:
    """Return the tokenised sentences of a text."""
    return [tokenise(sentence) for sentence in source.text.sentences]


def space_of(page: str, source: Source) -> TextSpace:
    """Return all tokens of a text with their vectors; the page waits for the job that embeds a long text."""
    if source.is_sample:
        with st.spinner("Reading the sample"):
            return sample_space(model_name())
    elmo = load_model(model_name())

    def work(job: Job) -> TextSpace:
        return job.apart(embed_text, elmo, tokens_of(source), with_context=True)

    return jobs.run_or_offer(
        page,
        ("space", model_name(), source.key),
        "Reading the text",
        work,
        seconds=sum(map(len, source.text.sentences)) / _CHARACTERS_PER_S,
        results=visitor_results("space", 1),
    )


@kept_for_all(2)
def sample_space(model: str) -> TextSpace:
    """Return the sample, embedded once for all visitors."""
    return embed_text(load_model(model), tokens_of(sample()), with_context=True)


@kept_for_all(1)
def shipped_vectors() -> StaticVectors:
    """Return the shipped vectors, mapped into memory once for all visitors."""
    return load_static(SHIPPED)


def choose_static(page: str, kind: str, source: Source, space: TextSpace, view: str) -> ChosenStatic:
    """Return static vectors of a kind; the page asks for the file, or waits for what is learned or read.

    Args:
        page: prefix of all keys.
        kind: one of `KINDS`.
        source: the text.
        space: the same embedded.
        view: the mix of layers that a type average takes.
    """
    elmo = load_model(model_name())
    results = source.results if source.is_sample else visitor_results("static", 2)
    key = ("static", kind, model_name(), source.key, view)
    if kind == LAYER_0:
        weights = weights_of(LAYER_0, elmo)
        words = tuple(space.rows_by_word)

        def embed_words(job: Job) -> StaticVectors:
            return job.apart(vectors_of_words_alone, elmo, words, weights, LAYER_0)

        return ChosenStatic(
            jobs.run_or_offer(
                f"{page}_static",
                key,
                "Embedding the words",
                embed_words,
                seconds=len(words) / _WORDS_PER_S,
                results=results,
            ),
            "from elmo_core.contrast.as_static import vectors_of_words_alone",
            f"static = vectors_of_words_alone(elmo, tuple(space.rows_by_word), {weights}, {LAYER_0!r})",
        )
    if kind == AVERAGE:
        weights = weights_of(view, elmo, with_context=True)
        name = f"{AVERAGE}, {view}"
        return ChosenStatic(
            results.get_or_compute(key, lambda: type_averages(space, weights, name)),
            "from elmo_core.contrast.as_static import type_averages",
            f"static = type_averages(space, weights, {name!r})",
        )
    if kind == OWN:
        learned = _learn(page, source, results)
        _explain_learning(learned)
        return ChosenStatic(
            learned,
            "from elmo_core.pretraining.word2vec import Word2VecSettings\n"
            "from elmo_core.static.training import vectors_of_sentences",
            f"static = vectors_of_sentences(tokens, {_LEARNING!r}, {OWN!r})",
        )
    if kind == FILE:
        return vectors_from_file(page)
    return ChosenStatic(
        shipped_vectors(), "from elmo_core import load_static", f"static = load_static({SHIPPED!r})"
    )


def _learn(page: str, source: Source, results: ResultStore) -> StaticVectors:
    """Train word2vec on a text."""
    n_words = sum(sentence.count(" ") + 1 for sentence in source.text.sentences)
    return jobs.run_or_offer(
        f"{page}_static",
        ("learned", source.key),
        "Learning word2vec",
        lambda job: job.apart(_learn_word2vec, tokens_of(source)),
        seconds=1 + n_words * _LEARNING.epochs / _LEARNED_PER_S,
        results=results,
    )


def _learn_word2vec(sentences: Sequence[Sequence[str]], report: Report) -> StaticVectors:
    def progress(done: int, total: int) -> None:
        report(f"{done:,} of {total:,} words", done / total)

    return vectors_of_sentences(sentences, _LEARNING, OWN, progress=progress)


def _safe_name(name: str) -> str:
    """Return a safe file name like that of an upload, so that messages mention it."""
    return re.sub(r"[^\w.-]", "_", name)[-_LONGEST_NAME:].lstrip(".") or "vectors"


def _explain_learning(learned: StaticVectors) -> None:
    st.caption(
        f"Learned from {learned.about['corpus_tokens']:,} tokens: CBOW, width {_LEARNING.dim}, "
        f"{_LEARNING.epochs} epochs, words used twice or more, seed {_LEARNING.seed}. "
        "word2vec needs millions of tokens: expect little from a short text."
    )


def vectors_from_file(page: str) -> ChosenStatic:
    """Read vectors from a visitor's file; the page stops until they are read.

    Args:
        page: prefix of all keys.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        file = upload_file(
            f"{page}_vectors",
            "GloVe, word2vec (text or binary) or fastText .vec; plain, .gz or .zip",
            (),
            max_mb=_MOST_UPLOADED_MB,
        )
        most = st.number_input(
            "Words to read at most", 1_000, 10_000_000, 200_000, step=50_000, key=f"{page}_most", width=200
        )
        member = _choose_member(page, file) if file else None
    if file is None:
        st.info("Choose a file of vectors: they are used once they are read.")
        st.stop()

    def work(job: Job) -> LoadedVectors:
        with TemporaryDirectory() as name:
            folder = Path(name)
            path = folder / _safe_name(file.name)
            path.write_bytes(file.content)
            return job.apart(_read_vectors, path, member, int(most))

    loaded = jobs.run_or_offer(
        f"{page}_static",
        ("vectors", file.key, member, most),
        "Reading the vectors",
        work,
        seconds=file.seconds,
        results=visitor_results("vectors", 1),
    )
    report, chosen = loaded.report, f", member={member!r}" if member else ""
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
        f"static = load_vectors_file(Path({file.name!r}){chosen}, max_words={int(most)}).vectors",
    )


def _read_vectors(path: Path, member: str | None, most: int, report: Report) -> LoadedVectors:
    """Read a file of vectors in a folder that will be removed."""
    cache = path.parent / "kept in"  # no upload is called that
    loaded = load_vectors_file(
        path, member=member, max_words=most, kept_in=cache, progress=share_of(report, "")
    )
    vectors = loaded.vectors
    in_memory = np.array(vectors.matrix)
    return LoadedVectors(StaticVectors(vectors.name, vectors.words, in_memory, vectors.about), loaded.report)


def _choose_member(page: str, file: UploadedFile) -> str | None:
    """Let the visitor choose a file of a `.zip` that holds several; None where there is no choice."""
    members = zip_members(file.content)
    if len(members) < 2:
        return None
    return st.selectbox("File in the archive", members, key=f"{page}_member_{file.key[:12]}", width=260)
