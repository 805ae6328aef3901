"""One mixture of layers for all pages: typed, set by slider or by a click, and kept in the address."""

from __future__ import annotations

import streamlit as st

from elmo_core.config import layer_names
from elmo_core.exceptions import InputError
from elmo_core.glossary import explain
from elmo_core.layers.mixture import LEAST_RAW, Mixture
from pages.common.markdown import escape_markdown

_TYPED, _KEPT = "mix", "mixture"
_MODES = ("s_j", "raw w_j")


def current_mixture(n_layers: int) -> Mixture:
    """Return the mixture that was last chosen on any page, where it fits; else the uniform one."""
    return _kept(n_layers) or Mixture.uniform(n_layers)


def has_mixture(n_layers: int) -> bool:
    """Return whether the mixture that was last chosen is one of so many layers."""
    return _kept(n_layers) is not None


def _kept(n_layers: int) -> Mixture | None:
    try:
        return Mixture.parse(st.session_state.get(_KEPT, ""), n_layers)
    except InputError:  # nothing chosen yet, or for a model with another number of layers
        return None


def set_mixture(mixture: Mixture) -> None:
    """Set the mixture of all pages; call it in a callback or before the controls are drawn."""
    st.session_state[_TYPED] = st.session_state[_KEPT] = mixture.text


def choose_mixture(n_layers: int) -> Mixture:
    """Draw a field and sliders for the mixture, and return it."""
    if _TYPED not in st.session_state and _KEPT in st.session_state:
        st.session_state[_TYPED] = st.session_state[_KEPT]
    typed = st.text_input(
        "Weights s_j (x gamma)",
        placeholder=Mixture.uniform(n_layers).text,
        key=_TYPED,
        bind="query-params",
        max_chars=100,
        help='One number for each layer; each is divided by their sum. "1 1 2 x 0.5" also sets gamma.\n\n'
        + explain("Mixture", "s_j", "gamma"),
    )
    mixture = current_mixture(n_layers)
    if typed.strip():
        try:
            mixture = Mixture.parse(typed, n_layers)
        except InputError as error:
            st.error(escape_markdown(str(error)))
    else:
        mixture = Mixture.uniform(n_layers)
    st.session_state[_KEPT] = mixture.text
    mode = st.segmented_control(
        "Sliders", _MODES, default=_MODES[0], required=True, key="mix_mode", label_visibility="collapsed"
    )
    _show_sliders(mixture, is_raw=mode == _MODES[1])
    return mixture


def _show_sliders(mixture: Mixture, *, is_raw: bool) -> None:
    kind = "raw" if is_raw else "share"
    values = mixture.raw if is_raw else mixture.weights
    for layer, (name, value) in enumerate(zip(layer_names(len(values)), values, strict=True)):
        key = f"mix_{kind}_{layer}"
        least, most, step = (-4.0, 4.0, 0.1) if is_raw else (0.0, 1.0, 0.01)
        st.session_state[key] = min(max(round(value, 3), least), most)
        st.slider(
            name,
            least,
            most,
            step=step,
            key=key,
            on_change=_by_raw if is_raw else _by_share,
            args=(mixture, layer, key),
        )
    st.session_state["mix_gamma"] = min(max(mixture.gamma, 0.1), 5.0)
    st.slider("gamma", 0.1, 5.0, step=0.1, key="mix_gamma", on_change=_by_gamma, args=(mixture,))


def _by_share(mixture: Mixture, layer: int, key: str) -> None:
    set_mixture(mixture.with_weight(layer, float(st.session_state[key])))


def _by_raw(mixture: Mixture, layer: int, key: str) -> None:
    raw = list(mixture.raw)
    raw[layer] = float(st.session_state[key])
    set_mixture(Mixture.of_raw([LEAST_RAW if value <= LEAST_RAW else value for value in raw], mixture.gamma))


def _by_gamma(mixture: Mixture) -> None:
    set_mixture(Mixture.of(mixture.weights, float(st.session_state["mix_gamma"])))
