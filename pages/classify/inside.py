"""A look inside one method: classes, errors, probabilities, data, deciding words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from elmo_core.learning.inside.inspection import PROBE, Inspection
from elmo_core.learning.inside.learning_curve import trend
from elmo_core.learning.texts.results import TextResult
from elmo_core.plots.classification import plot_calibration, plot_layer_weights
from elmo_core.plots.learning_curve import plot_learning_curve
from elmo_core.plots.style import clip
from pages.classify.dataset import ChosenDataset
from pages.classify.mistakes import MethodInspection, show_map, show_mistakes, texts_of
from pages.classify.occlusion import show_deciding_words
from pages.common import exports
from pages.common.markdown import escape_markdown


def show_inside(
    page: str,
    name: str,
    chosen: ChosenDataset,
    results: Sequence[TextResult],
    inspection: Inspection | None,
) -> None:
    """Let the user choose a method and a view of it.

    Args:
        page: prefix of the keys of all widgets.
        name: of the run.
        chosen: the dataset.
        results: of the methods that were run.
        inspection: what a look inside has found.
    """
    names = [result.method for result in results]
    best = inspection.best if inspection else max(results, key=lambda result: result.scores.macro_f1.value)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.selectbox(
            "Method", names, names.index(best.method), key=f"{page}_inside_method", width=320
        )
        view = st.segmented_control(
            "Show",
            list(_VIEWS),
            default="Mistakes",
            required=True,
            key="inside",
            bind="query-params",
            wrap=True,
        )
    inside = MethodInspection(page, name, chosen, results[names.index(method)], inspection)
    _VIEWS[view](inside)


def _show_probabilities(inside: MethodInspection) -> None:
    """Show whether confidence agrees with accuracy."""
    result = inside.result
    curves = [("as given", result.calibration)]
    if result.uncalibrated is not None:
        curves = [("before scaling", result.uncalibrated), ("after scaling", result.calibration)]
    st.plotly_chart(
        plot_calibration(curves),
        key=f"{inside.page}_calibration",
        config={"displayModeBar": False},
        alt=f"Accuracy over confidence; expected error {result.calibration.expected_error:.3f}",
    )
    classifier = inside.result.classifier
    scale = (
        f" Their temperature is {classifier.temperature_:.2f}, chosen on held-out texts."
        if classifier
        else ""
    )
    error = 100 * result.calibration.expected_error
    st.caption(
        f"Ten bins of {result.calibration.n / 10:.0f} texts each, with 95% intervals. Expected error: the "
        f"mean distance of confidence and accuracy, {error:.1f} points.{scale}"
    )


def _show_curve(inside: MethodInspection) -> None:
    inspection = inside.inspection
    if inspection is None or not inspection.curve:
        st.info(_missing(inspection, "The learning curve is drawn when a method on the biLM has been run."))
        return
    direction = trend(inspection.curve, "text")
    st.markdown(f"**{escape_markdown(direction.sentence)}**")
    st.plotly_chart(
        plot_learning_curve(
            [point.n_train for point in inspection.curve],
            [point.scores.value for point in inspection.curve],
            of="texts",
            measure="macro-F1",
        ),
        key=f"{inside.page}_curve",
        config={"displayModeBar": False},
        alt=direction.sentence,
    )
    if inspection.left_out:
        st.warning(escape_markdown(" ".join(inspection.left_out)))
    st.caption(f"Computed with {PROBE}, always on the same {inspection.curve[-1].scores.n:,} test texts.")


def _show_suspects(inside: MethodInspection) -> None:
    inspection, chosen = inside.inspection, inside.chosen
    if inspection is None or (inspection.left_out and not inspection.suspects):
        st.info(_missing(inspection, "Label errors are looked for when a method on the biLM has been run."))
        return
    classes = sorted(set(chosen.data.labels))
    frame = pd.DataFrame(
        [
            {
                "text": chosen.data.texts[suspect.row],
                "labelled": classes[suspect.given],
                "perhaps": classes[suspect.likely],
                "p(labelled)": suspect.p_given,
                "p(perhaps)": suspect.p_likely,
                "line": chosen.lines[suspect.row],
            }
            for suspect in inspection.suspects
        ]
    )
    st.markdown(
        f"**{len(frame):,} of {len(inspection.rows):,} labels may be wrong**, the most suspicious first"
    )
    st.caption(
        f"Confident learning (Northcutt et al. 2021) on the probabilities of {PROBE}, each text predicted by "
        "a model that has not seen it. Many of these texts are merely hard: look before you correct."
    )
    if len(frame):
        st.dataframe(
            frame,
            hide_index=True,
            key=f"{inside.page}_suspects",
            alt="Texts whose labels are probably wrong",
            column_config={
                "text": st.column_config.TextColumn(width="large"),
                **{
                    name: st.column_config.NumberColumn(format="%.2f")
                    for name in ("p(labelled)", "p(perhaps)")
                },
            },
        )
        exports.show_downloads(
            f"{inside.page}_suspects", f"{chosen.data.name} label errors", rows=lambda: frame
        )


def _show_layers(inside: MethodInspection) -> None:
    weights = inside.result.layer_weights
    if weights is None:
        st.info("This method uses no layers of the biLM; choose another one.")
        return
    st.plotly_chart(
        plot_layer_weights(weights),
        key=f"{inside.page}_layers",
        config={"displayModeBar": False},
        alt="Weight of each layer: " + ", ".join(f"{weight:.2f}" for weight in weights),
    )
    st.caption("The weight s_j of each layer in the mix; before learning all are the same (dotted).")


def _show_words(inside: MethodInspection) -> None:
    result, classifier = inside.result, inside.classifier
    if classifier is None:
        best = f"{inspection.best.method}" if (inspection := inside.inspection) else "a method on the biLM"
        st.info(f"This method has no classifier to inspect; choose {escape_markdown(best)}.")
        return
    frame = texts_of(inside.chosen, result, result.rows.tolist())
    is_wrong = frame["labelled"] != frame["predicted"]
    frame = pd.concat([frame[is_wrong], frame[~is_wrong]]).head(200)
    options = frame["text"].tolist()
    text = st.selectbox(
        "Text",
        options,
        key=f"{inside.page}_text",
        format_func=lambda text: clip(text, 110),
        help="Mistakes come first, the surest at the top.",
    )
    row = frame.iloc[options.index(text)]
    facts = f"Labelled {row['labelled']}, predicted {row['predicted']} with p = {row['p']:.2f} when tested"
    later = "" if result.classifier else "; the bars ask the classifier that has learned from all texts since"
    st.caption(escape_markdown(f"{facts}{later}."))
    show_deciding_words(inside.page, inside.key, classifier, text)


def _missing(inspection: Inspection | None, otherwise: str) -> str:
    return escape_markdown(" ".join(inspection.left_out)) if inspection and inspection.left_out else otherwise


_VIEWS: dict[str, Callable[[MethodInspection], None]] = {
    "Mistakes": show_mistakes,
    "Map": show_map,
    "Deciding words": _show_words,
    "Label errors": _show_suspects,
    "More data?": _show_curve,
    "Probabilities": _show_probabilities,
    "Layers": _show_layers,
}
