"""Studies of layers that run as jobs: learned weights, probing curves, contextuality."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from elmo_core.config import layer_names
from elmo_core.embedder import Elmo
from elmo_core.glossary import explain
from elmo_core.layers.contextuality import MIN_USES, Contextuality, measure_contextuality
from elmo_core.layers.labelled import Labelled
from elmo_core.layers.learned import LEARNED, MixStudy, study_mixtures, verdict
from elmo_core.layers.probing import HALVES, Half, ProbingCurves, probe_layers
from elmo_core.plots import layers as figures
from pages.common import exports, jobs
from pages.common.chosen_model import model_name
from pages.common.job import Job
from pages.common.loaders import load_model
from pages.common.markdown import escape_markdown
from pages.common.mixture_controls import set_mixture
from pages.layers.cells import cell
from pages.layers.labelled_sets import CHARACTERS_PER_S, LabelledSet
from pages.layers.triangle import remember_learned

_STRENGTHS = (0.0, 0.001, 0.01, 0.1, 1.0)
_S_PER_ROW = 0.02  # on one core
T = TypeVar("T")

_BARE: dict[str, Any] = {"displayModeBar": False}


def show_learned(page: str, chosen: LabelledSet, data: Labelled) -> None:
    """Train the mix under a linear head, and show it beside every fixed mixture."""
    st.markdown(
        "ELMo's weights are not part of the model: a task learns them. Here a linear classifier learns your "
        "labels from the mixture, and the raw weights w_j and gamma with it. They start at 0 and 1, which "
        "is the uniform mix."
    )
    l2 = st.select_slider(
        "lambda: pull of the raw weights to the uniform mix", _STRENGTHS, 0.001, key=f"{page}_l2", width=420,
        help="Weight of lambda * sum w_j^2 in the loss, as in the paper; 1 keeps the mix nearly uniform.",
    )  # fmt: skip
    study: MixStudy = _run(
        f"{page}_learned",
        chosen,
        chosen.key_of(("learned", l2)),
        "Training on",
        lambda job: job.apart(study_mixtures, data, l2=l2),
        3 + _S_PER_ROW * len(data),
    )
    mixture = study.learned_mixture
    remember_learned(mixture, chosen.key)
    left, right = st.columns([3, 2], gap="large")
    scores, weights = figures.plot_study(study), figures.plot_learned_weights(study)
    with left:
        st.plotly_chart(scores, key=f"{page}_study", config=_BARE, alt=figures.describe_study(study))
        st.markdown(f"**{verdict(study)}**")
        st.caption(
            f"{len(study.seeds)} random splits of {study.n_train:,} rows to learn from and {study.n_test:,} "
            f"to test on (seeds {study.seeds[0]} to {study.seeds[-1]}); intervals as Nadeau and Bengio "
            "(2003) correct them for shared rows. Dotted: always the most frequent label "
            f"({study.majority:.0%}). The best of the grid was chosen on the training rows; the best single "
            "layer was not, so its score is slightly optimistic."
        )
    with right:
        st.plotly_chart(weights, key=f"{page}_weights", config=_BARE, alt=f"Learned weights: {mixture.text}")
        gammas = study.method(LEARNED).gammas
        st.caption(
            f"gamma: 1 before, {np.mean(gammas):.2f} after ({min(gammas):.2f} to {max(gammas):.2f} over the "
            "seeds)."
        )
        st.button("Mix like that on all pages", key=f"{page}_use", on_click=set_mixture, args=(mixture,))
    exports.show_downloads(
        f"{page}_learned", f"learned mix {chosen.title}", rows=lambda: study_table(study),
        figures={"Scores": scores, "Weights": weights},
        cell=cell(chosen.recipe, _import("learned", "study_mixtures"), f"study_mixtures(data, l2={l2})"),
        reads_file=chosen.recipe.reads_file,
    )  # fmt: skip


def show_probes(page: str, chosen: LabelledSet, data: Labelled) -> None:
    """Show what a linear probe reads from each layer and direction, beside random labels."""
    has_directions = isinstance(load_model(model_name()), Elmo)
    parts = ": from its forward half, its backward half, and both" if has_directions else ""
    st.markdown(
        f"A linear probe predicts the labels from one layer at a time{parts}. Dotted: the same with random "
        "labels. Only accuracy above the dotted line comes from information in the vectors.",
        help=explain("Probe", "biLM", "Null"),
    )
    halves: tuple[Half, ...] = HALVES if has_directions else ("both",)
    asked = "" if has_directions else f", halves={halves!r}"
    curves: ProbingCurves = _run(
        f"{page}_probes",
        chosen,
        chosen.key_of("probes"),
        "Probing",
        lambda job: job.apart(probe_layers, data, halves=halves),
        3 + _S_PER_ROW * len(data),
    )
    figure = figures.plot_probing(curves)
    st.plotly_chart(figure, key=f"{page}_curves", config=_BARE, alt=figures.describe_probing(curves))
    sampled = (
        f" of {curves.n_sampled_from:,}" if curves.n_sampled_from > curves.n_train + curves.n_test else ""
    )
    control = (
        "each word its own random label (Hewitt and Liang 2019)"
        if curves.controls_types
        else "labels dealt out anew"
    )
    st.caption(
        f"n = {curves.n_train + curves.n_test:,}{sampled} instances of {curves.n_classes} labels, "
        f"{len(curves.seeds)} splits, corrected intervals. Control: {control}. Without any context: "
        f"{curves.by_type:.0%} by the label that the word mostly has, {curves.majority:.0%} by the most "
        "frequent label. "
        + (
            "Layer 0 is the token vector twice, so its halves are equal."
            if has_directions
            else f"{escape_markdown(model_name())} reads both sides at once, so it has no halves."
        )
    )
    st.dataframe(probe_table(curves), hide_index=True, alt="Every probe with its control and selectivity")
    exports.show_downloads(
        f"{page}_probes", f"probes {chosen.title}", rows=lambda: probe_table(curves),
        figures={"Curves": figure},
        cell=cell(chosen.recipe, _import("probing", "probe_layers"), f"probe_layers(data{asked})"),
        reads_file=chosen.recipe.reads_file,
    )  # fmt: skip


def show_contextuality(page: str, chosen: LabelledSet) -> None:
    """Show how much the vectors of a word depend on its context, layer by layer."""
    st.markdown(
        "After Ethayarajh (2019): how alike are a word's uses, how alike are the words of a sentence, and "
        "how much of a word's uses could one static vector stand for? Each is reported "
        "minus its value for random tokens of the text."
    )
    elmo, sentences = load_model(model_name()), chosen.sentences
    contextuality: Contextuality = _run(
        f"{page}_geometry",
        chosen,
        ("geometry", model_name(), chosen.key.split(" ")[0]),  # the same for all sets of a text
        "Measuring",
        lambda job: job.apart(measure_contextuality, elmo, sentences),
        3 + sum(map(len, sentences)) / CHARACTERS_PER_S,
    )
    figure = figures.plot_contextuality(contextuality)
    st.plotly_chart(
        figure, key=f"{page}_measures", config=_BARE, alt=figures.describe_contextuality(contextuality)
    )
    explained = ", ".join(f"{value:.0%}" for value in contextuality.explained_baseline)
    st.caption(
        f"{contextuality.n_tokens:,} tokens in {contextuality.n_sentences:,} different sentences; "
        f"{len(contextuality.words):,} words with at least {MIN_USES} uses. Intervals are over words or "
        f"sentences. One static vector explains {explained} of as many random tokens, by layer."
    )
    names = layer_names(len(contextuality.anisotropy))
    layer = names.index(
        st.segmented_control(
            "Layer", names, default=names[-1], required=True, key=f"{page}_word_layer", wrap=True
        )
    )
    most, least = st.columns(2, gap="large")
    for column, title, words in (
        (most, "Most context-sensitive words", contextuality.most_contextual(layer)),
        (least, "Least context-sensitive words", contextuality.least_contextual(layer)),
    ):
        column.markdown(f"**{title}**")
        column.dataframe(
            pd.DataFrame(
                {
                    "word": [word.word for word in words],
                    "uses": [word.n for word in words],
                    "self-similarity": [word.self_similarity[layer] for word in words],
                    "one vector explains": [word.explained[layer] for word in words],
                }
            ),
            hide_index=True,
            alt=title,
        )
    exports.show_downloads(
        f"{page}_geometry", "contextuality", rows=lambda: word_table(contextuality),
        figures={"Measures": figure},
        cell=cell(
            chosen.recipe, _import("contextuality", "measure_contextuality"),
            "measure_contextuality(elmo, sentences)",
        ),
        reads_file=chosen.recipe.reads_file,
    )  # fmt: skip


def study_table(study: MixStudy) -> pd.DataFrame:
    """Return one row for each mixture and seed."""
    rows = []
    for method in study.methods:
        for at, seed in enumerate(study.seeds):
            shares = dict(zip(layer_names(len(method.weights[at])), method.weights[at], strict=True))
            rows.append(
                {
                    "mixture": method.name,
                    "seed": seed,
                    "accuracy": method.accuracies[at],
                    "gamma": method.gammas[at],
                }
                | shares
            )
    return pd.DataFrame(rows)


def probe_table(curves: ProbingCurves) -> pd.DataFrame:
    """Return every probe with its control."""
    names = curves.names
    rows = []
    for probe in curves.probes:
        accuracy, selectivity = curves.accuracy(probe), curves.selectivity(probe)
        rows.append(
            {
                "layer": names[probe.layer], "direction": probe.half, "accuracy": accuracy.value,
                "low": accuracy.low, "high": accuracy.high, "random labels": curves.control(probe).value,
                "selectivity": selectivity.value, "selectivity low": selectivity.low,
                "selectivity high": selectivity.high,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def word_table(contextuality: Contextuality) -> pd.DataFrame:
    """Return every word with its values in all layers."""
    names = layer_names(len(contextuality.anisotropy))
    rows = [
        {"word": word.word, "uses": word.n}
        | {f"self-similarity, {name}": value for name, value in zip(names, word.self_similarity, strict=True)}
        | {f"one vector explains, {name}": value for name, value in zip(names, word.explained, strict=True)}
        for word in contextuality.words
    ]
    return pd.DataFrame(rows)


def _run(
    owner: str,
    chosen: LabelledSet,
    key: tuple[Hashable, ...],
    title: str,
    work: Callable[[Job], T],
    seconds: float,
) -> T:
    """Return what a study of a set finds; the page waits for its job."""
    return jobs.run_or_offer(
        owner,
        key,
        f"{title} {chosen.title}",
        work,
        seconds=min(seconds, jobs.OFFERED_S) if chosen.is_sample else seconds,
        results=chosen.results,
    )


def _import(module: str, name: str) -> str:
    return f"from elmo_core.layers.{module} import {name}"
