"""The names that `elmo_core` promises."""

from __future__ import annotations

import elmo_core

PROMISED = {"Elmo", "ElmoError", "Embedding", "load_elmo"}


def test_all_is_sorted_without_repeats():
    assert elmo_core.__all__ == sorted(set(elmo_core.__all__))


def test_every_name_is_importable():
    missing = [name for name in elmo_core.__all__ if getattr(elmo_core, name, None) is None]
    assert not missing


def test_promised_names_are_there():
    assert set(elmo_core.__all__) >= PROMISED
