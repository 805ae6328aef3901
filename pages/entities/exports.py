"""Downloads of the page of taggers: tags, differences, the tagger, and files it tags."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from elmo_core.learning.head_files import zip_bytes
from elmo_core.learning.tags.results import TagResult
from elmo_core.learning.tags.saving import tagger_files
from elmo_core.learning.tags.writing import to_conll, to_jsonl
from elmo_core.plots.comparison import plot_comparison
from elmo_core.plots.highlighted_text import to_html
from elmo_core.tables.records import counted
from pages.common import jobs
from pages.common.exports import Download, literal, python_cell, show_downloads
from pages.common.markdown import escape_markdown
from pages.common.reading_choice import choose_encoding
from pages.common.results import visitor_results
from pages.common.upload import reading_prefix, upload_file
from pages.entities.data import SUFFIXES
from pages.entities.differences import difference_frame, mismatches
from pages.entities.work import TagComparison, tag_file

_MOST_MB = 20
_MIMES = {"conll": "text/plain", "jsonl": "application/jsonl", "html": "text/html"}
_FILE = "entities_file"


def show(page: str, outcome: TagComparison, best: TagResult) -> None:
    """Show all downloads."""
    st.subheader("The test sentences as they were tagged")
    labels = tuple(outcome.corpus.train.label_counts)
    tagged = best.tagged
    show_downloads(
        page,
        "entities",
        rows=lambda: difference_frame(outcome, best, mismatches(outcome, best)),
        figures={"Scores": plot_comparison(outcome.results)},
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


def _saved(outcome: TagComparison, best: TagResult) -> bytes:
    assert best.tagger is not None
    facts = best.facts(outcome.corpus.train.name) | {"verdict": outcome.verdict.sentence}
    return zip_bytes(tagger_files(best.tagger, facts=facts))


def _cell(outcome: TagComparison, best: TagResult) -> str:
    """Return Python that trains and tests the same tagger."""
    corpus, tagger = outcome.corpus, best.tagger
    assert tagger is not None
    path = "shipped('data/samples/entities.{}.conll')" if corpus.is_sample else "Path('{}.conll')"
    paths = ", ".join(path.format(part) for part in ("train", "test"))
    names = ("mix", "static", "head", "hidden", "max_epochs", "patience", "random_state")
    static = outcome.static if outcome.static and tagger.static is outcome.static.vectors else None
    given = {name: literal(getattr(tagger, name)) for name in names} | (
        {"static": "static"} if static else {}
    )
    settings = ", ".join(f"{name}={value}" for name, value in given.items())
    return python_cell(
        "from pathlib import Path\n\nfrom elmo_core import ElmoTagger\n"
        "from elmo_core.shipped import shipped\n"
        "from elmo_core.learning.tags.reading import read_token_path\n"
        "from elmo_core.learning.tags.sentences import tagged_sentences"
        + (f"\n{static.needs}" if static else ""),
        *([static.recipe] if static else []),
        f"paths = [{paths}]",
        "train, test = (tagged_sentences(read_token_path(path)) for path in paths)",
        f"tagger = ElmoTagger({literal(tagger.elmo_.name)}, {settings})",
        "tagger.fit(train.tokens, train.tags)",
        "print(tagger.score(test.tokens, test.tags), tagger.layer_weights_)",
    )


def _tag_a_file(page: str, outcome: TagComparison, best: TagResult) -> None:
    """Tag a file of the visitor, as a job."""
    st.subheader("Tag a file of your own")
    label = "A .txt with a text a line, or sentences in columns"
    upload = upload_file(f"{page}_to_tag", label, SUFFIXES, max_mb=_MOST_MB)
    if upload is None or best.tagger is None:
        return
    encoding = choose_encoding(reading_prefix(f"{page}_to_tag", upload))
    done = jobs.run_or_offer(
        _FILE,
        ("tagged", upload.key, upload.name, encoding, best.tagger),
        f"Tagging {upload.name}",
        lambda job: job.apart(tag_file, best.tagger, upload.name, upload.content, encoding),
        seconds=0.0,
        results=visitor_results("tagged", 1),
        button=jobs.StartButton("Tag it", icon=":material/sell:"),
    )
    counts = f"{counted(done.n_sentences, 'sentence')}, {done.n_found:,} found"
    st.caption(escape_markdown(" ".join((f"{upload.name}: {counts}.", *done.notes))))
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
