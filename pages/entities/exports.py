"""What a user takes away from the page of taggers: tags, differences, the tagger, and files it tags."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import streamlit as st

from elmo_core.learning.head_files import zip_bytes
from elmo_core.learning.tags.comparison import TagResult
from elmo_core.learning.tags.saving import tagger_files
from elmo_core.learning.tags.writing import to_conll, to_jsonl
from elmo_core.plots import tagging as figures
from elmo_core.plots.highlighted_text import to_html
from elmo_core.tables.records import counted
from elmo_core.weights.store import JsonValue
from pages.common import jobs
from pages.common.exports import Download, literal, python_cell, show_downloads
from pages.common.jobs import Job
from pages.common.loaders import digest
from pages.common.markdown import escape_markdown
from pages.common.reading_choice import choose_encoding
from pages.entities.data import SUFFIXES
from pages.entities.differences import difference_frame, mismatches
from pages.entities.work import Outcome, TaggedFile, tag_file

_MOST_MB = 20
_MIMES = {"conll": "text/plain", "jsonl": "application/jsonl", "html": "text/html"}
_FILE = "entities_file"


def show(page: str, outcome: Outcome, best: TagResult) -> None:
    """Everything that can be taken away."""
    st.subheader("The test sentences as they were tagged")
    labels = tuple(outcome.corpus.train.label_counts)
    tagged = best.tagged
    show_downloads(
        page,
        "entities",
        rows=lambda: difference_frame(outcome, best, mismatches(outcome, best)),
        figures={"Scores": figures.plot_taggers(outcome.results)},
        more=(
            Download("CoNLL", "tagged.conll", _MIMES["conll"], lambda: _joined(to_conll(tagged))),
            Download("JSONL", "tagged.jsonl", _MIMES["jsonl"], lambda: _joined(to_jsonl(tagged))),
            Download("Text (HTML)", "tagged.html", _MIMES["html"], lambda: _joined(to_html(tagged, labels))),
        ),
        cell=_cell(outcome, best),
        reads_file=not outcome.corpus.is_sample,
    )
    st.subheader("The tagger")
    st.caption(
        "A folder of JSON and safetensors with a card and a script; nothing in it can run by itself. On the "
        "command line: python -m elmo_core tag predict tagger.zip text.txt tagged.html"
    )
    st.download_button(
        "Tagger (.zip)",
        lambda: _saved(outcome, best),
        "tagger.zip",
        "application/zip",
        key=f"{page}_tagger",
        icon=":material/download:",
        on_click="ignore",
    )
    _tag_a_file(page, outcome, best)


def _joined(parts: Iterator[str]) -> bytes:
    return "".join(parts).encode()


def _saved(outcome: Outcome, best: TagResult) -> bytes:
    assert best.tagger is not None
    value = best.scores.value
    facts: dict[str, JsonValue] = {
        "data": outcome.corpus.train.name,
        "method": best.method,
        "measure": best.scores.measure,
        "score": round(value.value, 4),
        "score_low": round(value.low, 4),
        "score_high": round(value.high, 4),
        "sentences_learned_from": best.n_train,
        "sentences_tested_on": best.scores.n_sentences,
        "seed": best.seed,
    }
    return zip_bytes(tagger_files(best.tagger, facts=facts))


def _cell(outcome: Outcome, best: TagResult) -> str:
    """Python that trains and tests the same tagger."""
    corpus, tagger = outcome.corpus, best.tagger
    assert tagger is not None
    path = "shipped('data/samples/entities.{}.conll')" if corpus.is_sample else "Path('{}.conll')"
    paths = ", ".join(path.format(part) for part in ("train", "test"))
    names = ("mix", "static", "head", "hidden", "max_epochs", "patience", "random_state")
    own = outcome.static if outcome.static and tagger.static is outcome.static.vectors else None
    given = {name: literal(getattr(tagger, name)) for name in names} | ({"static": "static"} if own else {})
    settings = ", ".join(f"{name}={value}" for name, value in given.items())
    return python_cell(
        "from pathlib import Path\n\nfrom elmo_core import ElmoTagger\n"
        "from elmo_core.shipped import shipped\n"
        "from elmo_core.learning.tags.reading import read_token_path\n"
        "from elmo_core.learning.tags.sentences import tagged_sentences" + (f"\n{own.needs}" if own else ""),
        *([own.recipe] if own else []),
        f"paths = [{paths}]",
        "train, test = (tagged_sentences(read_token_path(path)) for path in paths)",
        f"tagger = ElmoTagger({literal(tagger.elmo_.name)}, {settings})",
        "tagger.fit(train.tokens, train.tags)",
        "print(tagger.score(test.tokens, test.tags), tagger.layer_weights_)",
    )


def _tag_a_file(page: str, outcome: Outcome, best: TagResult) -> None:
    """A file of the user's, tagged as a job."""
    st.subheader("Tag a file of your own")
    upload = st.file_uploader(
        "A .txt with a text a line, or sentences in columns",
        type=SUFFIXES,
        max_upload_size=_MOST_MB,
        key=f"{page}_to_tag",
    )
    if upload is None or best.tagger is None:
        return
    content = upload.getvalue()
    encoding = choose_encoding(f"{page}_{upload.file_id}")
    subject = f"{digest(content)} {upload.name} {encoding} {id(best.tagger)}"
    job: Job | None = jobs.current(_FILE, subject)
    if job is None:
        if not st.button("Tag it", key=f"{_FILE}_go", icon=":material/sell:"):
            return
        work = partial(tag_file, best.tagger, upload.name, content, encoding)
        job = jobs.start(_FILE, subject, f"Tagging {upload.name}", work)
    jobs.watch(job)
    done: TaggedFile = jobs.result_of(job)
    found = f"{counted(done.n_sentences, 'sentence')}, {done.n_found:,} found"
    st.caption(escape_markdown(" ".join((f"{upload.name}: {found}.", *done.notes))))
    with st.container(horizontal=True):
        for suffix, made in done.contents.items():
            st.download_button(
                suffix.upper() if suffix != "conll" else "CoNLL",
                made,
                f"{upload.name.rpartition('.')[0]}.{suffix}",
                _MIMES[suffix],
                key=f"{_FILE}_{suffix}",
                icon=":material/download:",
                on_click="ignore",
            )
