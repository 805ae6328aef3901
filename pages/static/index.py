"""An index on disk of the uses in a corpus too large for memory, searched by word and by vector."""

from __future__ import annotations

import shutil
import time
import weakref
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

import pandas as pd
import platformdirs
import streamlit as st

from elmo_core.contrast.comparison import read_query
from elmo_core.contrast.text_space import weights_of
from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.index.building import MAX_USES, build_use_index, mark_used, remove_unused
from elmo_core.index.records import CorpusSentence, FoundUse, UseFilter, sentences_of_shards
from elmo_core.index.use_index import ABOUT, UseIndex, read_about
from elmo_core.measuring.durations import duration
from elmo_core.plots.style import clip
from elmo_core.pretraining.corpus import find_shards
from elmo_core.progress import Report, part_of
from elmo_core.senses.study import CONTEXT
from elmo_core.serving.access import files_of_corpus
from elmo_core.text.tokenisation import TOKENISATION_VERSION
from pages.common import exports, jobs
from pages.common.chosen_model import model_name
from pages.common.job import Job
from pages.common.loaders import Source, load_model
from pages.common.markdown import escape_markdown
from pages.common.permissions import corpora, may_name_files
from pages.common.results import visitor_results
from pages.common.text_spaces import tokens_of
from pages.common.visitors import current_visitor

_USES_PER_S = 500  # on one busy core; what is said before a build
_MB_PER_USE = 0.0032
_THE_TEXT = "the text of this page"
_CONTEXT = 24  # characters on each side
_KEPT_DAYS = 30  # an index that nobody has searched
_COLUMNS = {
    "left": st.column_config.TextColumn("Left", alignment="right", width=155),
    "use": st.column_config.TextColumn("Use", alignment="center", width=55),
    "right": st.column_config.TextColumn("Right", width=155),
    "percentile": st.column_config.NumberColumn(
        "%", format="%.1f", width=55, help="Share of random pairs of uses that are less alike"
    ),
}
_ROOT = Path(platformdirs.user_cache_dir("elmo-explorer", appauthor=False)) / "indexes"


def show_index(page: str, source: Source, word: str, sentences: tuple[str, str], view: str) -> None:
    """Build or open the index of a corpus, and search it for the word as used in both sentences."""
    if view == CONTEXT:
        st.info("An index holds the layers of a corpus, not its contexts; choose a layer or the mix above.")
        return
    st.caption(
        "The uses in a corpus that are nearest to the word in each of the two sentences. The corpus is "
        "the text of this page"
        + (", or one of this server" if corpora() or may_name_files() else "")
        + "; it is read once, into an index on disk."
    )
    wanted, most = _choose_corpus(page)
    shards = _find(page, wanted) if wanted else ()
    corpus = f"files {_marks(shards)}" if shards else f"text {source.key}"
    elmo = load_model(model_name())
    weights = weights_of(view, elmo)
    content = f"{corpus} {elmo.fingerprint} {weights} {most} {TOKENISATION_VERSION}"
    key = sha256(content.encode()).hexdigest()[:20]
    index = _opened(page, key, shards, source, weights, most)
    st.caption(
        f"{index.n_uses:,} uses, {index.size_bytes / 1e6:,.0f} MB on disk, "
        + ("searched through their partitions." if index.about.get("partitions") else "all compared.")
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        only = st.toggle(f"Only uses of {escape_markdown(word)}", key=f"{page}_only", value=True)
        asked = st.text_input("Only from the file", key=f"{page}_origin", width=220) if shards else ""
        origin = asked.strip()
    where = UseFilter(word if only else None, origin or None)
    frames = []
    for number, (column, sentence) in enumerate(
        zip(st.columns(2, gap="large"), sentences, strict=True), start=1
    ):
        query = read_query(elmo, sentence, word)
        started = time.perf_counter()
        nearest = index.nearest(query.layers, 10, where=where)
        took = 1000 * (time.perf_counter() - started)
        frame = _frame(nearest)
        frames.append(frame.assign(sentence=number))
        column.markdown(f"**{escape_markdown(sentence)}**")
        column.caption(f"{len(nearest)} nearest uses, found in {took:.0f} ms")
        column.dataframe(
            frame,
            hide_index=True,
            height="content",
            column_config=_COLUMNS,
            alt=f"Nearest uses, sentence {number}",
        )
    exports.show_downloads(page, f"{word} in the corpus", rows=lambda: pd.concat(frames))


def _choose_corpus(page: str) -> tuple[Path | str, int]:
    """Return a corpus of the server or a pattern of its files, and the most uses to read.

    An empty pattern stands for the text of the page.
    """
    offered, pattern = corpora(), ""
    corpus: str | None = None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if offered:
            corpus = st.selectbox(
                "Corpus", list(offered), index=None, key=f"{page}_corpus", width=260, placeholder=_THE_TEXT
            )
        if may_name_files():
            pattern = st.text_input(
                "Files on this machine",
                key=f"{page}_pattern",
                max_chars=500,
                placeholder="a pattern such as corpus/*.txt.gz; empty: the text of this page",
                disabled=corpus is not None,
            )
        most = st.number_input(
            "Uses at most", 1_000, MAX_USES, 100_000, step=50_000, key=f"{page}_uses", width=200
        )
    return offered.get(corpus or "") or pattern.strip(), int(most)


def _opened(
    page: str, key: str, shards: tuple[Path, ...], source: Source, weights: tuple[float, ...], most: int
) -> UseIndex:
    """Return the index; the page stops until it is built."""
    root = _ROOT if shards or source.is_sample else _own_folder()
    folder, owner, results = root / key, f"{page}_index", visitor_results("index", 2)
    is_there = (folder / ABOUT).is_file()
    mark_used(folder)
    if is_there and jobs.current(owner, ("index", key)) is None and read_about(folder).get("complete"):
        return UseIndex(folder)  # one without this mark may have no table yet
    n = most if shards else min(most, sum(map(len, tokens_of(source))))
    if ("index", key) not in results:
        st.caption(
            ("A build of this corpus was interrupted and resumes where it stopped. " if is_there else "")
            + f"Up to {n:,} uses take about {duration(n / _USES_PER_S)} on one core and "
            f"{n * _MB_PER_USE:,.0f} MB on disk."
        )

    elmo = load_model(model_name())

    def work(job: Job) -> UseIndex:
        root.mkdir(parents=True, exist_ok=True)
        remove_unused(root, _KEPT_DAYS)
        texts = shards or tokens_of(source)
        # the text may hold fewer uses than are wanted at most
        job.apart(_build, elmo, texts, folder, key, weights, most, expected=n)
        return UseIndex(folder)

    return jobs.run_or_offer(
        owner,
        ("index", key),
        "Building the index",
        work,
        seconds=n / _USES_PER_S,
        results=results,
        again="Resume",
    )


def _build(
    elmo: Encoder,
    texts: tuple[Path, ...] | list[list[str]],
    folder: Path,
    corpus: str,
    weights: tuple[float, ...],
    most: int,
    expected: int,
    report: Report,
) -> None:
    """Build the index of files or of tokenised sentences."""
    rows = sentences_of_shards(texts) if isinstance(texts, tuple) else map(CorpusSentence, map(tuple, texts))
    report = part_of(report, 0.0, most / expected) or report
    build_use_index(elmo, rows, folder, corpus=corpus, weights=weights, max_uses=most, report=report)


def _own_folder() -> Path:
    """Return where the indexes of a visitor's own texts are; it is removed once the visitor is gone."""
    visitor = current_visitor()
    if "indexes" not in visitor.state:
        folder = visitor.state["indexes"] = mkdtemp(prefix="elmo-explorer-")
        weakref.finalize(visitor, shutil.rmtree, folder, ignore_errors=True)
    return Path(visitor.state["indexes"])


def _find(page: str, wanted: Path | str) -> tuple[Path, ...]:
    """Return the files of a corpus or a pattern, found by a job because there may be a whole disk of them."""
    return jobs.run_or_offer(
        f"{page}_files",
        ("files", wanted),
        "Looking for files",
        lambda job: tuple(find_shards(wanted) if isinstance(wanted, str) else files_of_corpus(wanted)),
        seconds=jobs.OFFERED_S,
        results=visitor_results("file patterns", 1),
    )


def _marks(shards: tuple[Path, ...]) -> str:
    """Return a fingerprint of these files, which changes when one of them is edited."""
    facts = [(str(shard.resolve()), shard.stat().st_size, shard.stat().st_mtime_ns) for shard in shards]
    return sha256(repr(facts).encode()).hexdigest()


def _frame(uses: tuple[FoundUse, ...]) -> pd.DataFrame:
    if not uses:
        raise InputError("No use in the index meets these conditions; remove one of them.")
    return pd.DataFrame(
        {
            "left": [clip(use.left, _CONTEXT, keep_end=True) for use in uses],
            "use": [use.word for use in uses],
            "right": [clip(use.right, _CONTEXT) for use in uses],
            "percentile": [
                round(100 * use.percentile, 1) if use.percentile is not None else None for use in uses
            ],
            **({"file": [use.source for use in uses]} if any(use.source for use in uses) else {}),
        }
    )
