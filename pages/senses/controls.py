"""The controls of the page of word senses; every choice is part of the page's link."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from elmo_core.exceptions import InputError
from elmo_core.geometry.projection import MIN_UMAP_POINTS
from elmo_core.geometry.projection import ProjectionMethod as Projection
from elmo_core.glossary import explain
from elmo_core.measuring.durations import duration
from elmo_core.plots.sense_map import MAX_POINTS
from elmo_core.senses.groups import NUMBERS, GroupingMethod
from elmo_core.senses.labelled_groups import LabelledGroups, from_json
from elmo_core.senses.study import CONTEXT, view_names
from pages.common.chosen_model import model_name
from pages.common.concordance import IMAGES
from pages.common.layout import CONTROLS, WORDS
from pages.common.loaders import Source, load_model
from pages.common.markdown import escape_markdown
from pages.common.openings import opening
from pages.common.sense_data import UseQuery, uses_per_second
from pages.common.sources import choose_word

_AUTO = "Automatic"
_GROUPS, _SENSES = "Groups", "Labelled senses"
_JUDGED = "As judged"
_METHODS: dict[str, GroupingMethod] = {"k-means": "k-means", "Density": "density"}
_PROJECTIONS: dict[str, Projection] = {_AUTO: "umap", "PCA": "pca", "UMAP": "umap"}
_SIZES = (100, 300, 1000, 3000, MAX_POINTS)
_HELP = (
    "A word or a phrase (New York); several, parted by commas: bank, shore; or a regular expression between "
    "slashes, compared with whole tokens: /bank.+/, /covid.*/"
)


@dataclass(frozen=True)
class Choice:
    """All choices of the visitor."""

    asked: UseQuery
    view: str
    method: GroupingMethod
    k: int | None
    """Number of groups; None = as many as there is evidence for."""
    projection: Projection
    colour: str
    is_faded: bool
    has_trails: bool
    loaded: LabelledGroups | None
    """Groups from a file, shown instead of those found."""
    image: str
    """Format that the camera of the map saves."""

    def shows_senses(self, has_senses: bool) -> bool:
        """Return whether colours show labelled senses instead of groups."""
        return has_senses and self.colour != _GROUPS and self.loaded is None


def choose(page: str, source: Source | None) -> Choice:
    """Draw the controls.

    Args:
        page: prefix of the keys of widgets that are no part of the link.
        source: the text; None while there is none.
    """
    words_row = st.container(key=WORDS)
    with st.container(key=CONTROLS, horizontal=True, vertical_alignment="bottom", gap="small"):
        word = choose_word(page, source, words_row, first=opening(model_name()), help=_HELP)
        views = (CONTEXT, *view_names(load_model(model_name()).n_layers))
        view = st.segmented_control(
            "View",
            views,
            default=CONTEXT,
            required=True,
            key="layer",
            bind="query-params",
            wrap=True,
            help=explain("Context", "Layer", "Token vector", "Uniform mix"),
        )
        with st.popover("Options", icon=":material/tune:"):
            method, k = _choose_grouping()
            loaded = _choose_loaded(page)
            asked = _choose_uses(word)
            projection, colour, is_faded, has_trails = _choose_drawing()
            image = st.segmented_control(
                "Image format", IMAGES, default=IMAGES[0], required=True, key="image",
                bind="query-params", help="What the camera in the corner of the map saves.",
            )  # fmt: skip
    return Choice(asked, view, method, k, projection, colour, is_faded, has_trails, loaded, image)


def _choose_grouping() -> tuple[GroupingMethod, int | None]:
    method = st.segmented_control(
        "Grouping method", list(_METHODS), default="k-means", required=True, key="method", bind="query-params"
    )
    number = st.segmented_control(
        "Number of groups",
        [_JUDGED, *map(str, NUMBERS)],
        default=_JUDGED,
        required=True,
        key="groups",
        bind="query-params",
        disabled=method != "k-means",
    )
    st.caption(
        "Groups are looked for in the full space of the contexts, never on the map. As judged: as many "
        "groups as beat their null, are stable in resamples and lie apart; otherwise one. Density (HDBSCAN) "
        "finds its own number and may leave uses out."
    )
    return _METHODS[method], int(number) if number != _JUDGED and method == "k-means" else None


def _choose_loaded(page: str) -> LabelledGroups | None:
    file = st.file_uploader("Load groups that were saved here", type="json", key=f"{page}_groups_file")
    if file is None:
        return None
    try:
        return from_json(file.getvalue(), file.name)
    except InputError as error:
        st.error(escape_markdown(str(error)))
        return None


def _choose_uses(word: str) -> UseQuery:
    inflections = st.toggle(
        "Inflections, too",
        key="inflections",
        bind="query-params",
        help="Finds banks for bank and went for go. English only, by simplemma's dictionary.",
    )
    size = st.select_slider("Most uses", _SIZES, value=1000, key="most", bind="query-params")
    seed = st.number_input("Seed", 0, 99_999, 42, key="seed", bind="query-params", width=140)
    pace = uses_per_second()
    estimate = f" {size:,} take about {duration(size / pace)} here, the first time." if pace else ""
    st.caption(f"More uses than this are sampled with the seed, and the page says so.{estimate}")
    return UseQuery(word, bool(inflections), int(size), int(seed))


def _choose_drawing() -> tuple[Projection, str, bool, bool]:
    projection = st.segmented_control(
        "Projection", list(_PROJECTIONS), default=_AUTO, required=True, key="projection", bind="query-params"
    )
    colour = st.segmented_control(
        "Colour", [_AUTO, _GROUPS, _SENSES], default=_AUTO, required=True, key="colour", bind="query-params"
    )
    is_faded = st.toggle("Fade dots with false neighbours", value=True, key="fade", bind="query-params")
    has_trails = st.toggle("Trails of selected uses through the layers", key="trails", bind="query-params")
    st.caption(
        f"Automatic: PCA below {MIN_UMAP_POINTS} uses, else UMAP; colours are labelled senses "
        "where there are any, else groups."
    )
    return _PROJECTIONS[projection], colour, bool(is_faded), bool(has_trails)
