"""Results that pages keep: computed once, bounded, apart by session, and out of a visitor's reach."""

from __future__ import annotations

import dataclasses
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from elmo_core.nn.bilm import BiLM
from elmo_core.weights.folder import write_folder
from elmo_core.weights.registry import MODELS_VARIABLE
from elmo_core.weights.tiny import tiny_model
from pages.common.chosen_model import reading_with
from pages.common.loaders import load_model
from pages.common.results import ResultStore, kept_for_all, results_about


def test_a_result_is_computed_once_however_many_ask():
    store, calls = ResultStore(4), []

    def work() -> str:
        calls.append(threading.get_ident())
        time.sleep(0.05)
        return "result"

    with ThreadPoolExecutor(8) as workers:
        found = list(workers.map(lambda _: store.get_or_compute("key", work), range(8)))
    assert found == ["result"] * 8 and len(calls) == 1


def test_different_results_are_computed_side_by_side():
    store, both = ResultStore(4), threading.Barrier(2, timeout=10)
    with ThreadPoolExecutor(2) as workers:
        found = list(workers.map(lambda key: store.get_or_compute(key, lambda: both.wait() >= 0), "ab"))
    assert found == [True, True]


def test_the_least_recently_used_result_goes_first():
    store = ResultStore(2)
    store.keep("a", 1)
    store.keep("b", 2)
    assert store.find("a") == 1
    store.keep("c", 3)
    assert (store.find("a"), store.find("b"), store.find("c")) == (1, None, 3)


def test_an_error_is_not_kept():
    store = ResultStore(2)
    with pytest.raises(ValueError, match="first"):
        store.get_or_compute("key", lambda: int("first"))
    assert store.get_or_compute("key", lambda: 7) == 7


def test_none_is_a_result():
    store, calls = ResultStore(2), []
    for _ in range(2):
        assert store.get_or_compute("key", lambda: calls.append(1)) is None
    assert calls == [1]


def test_arguments_with_an_underscore_are_not_part_of_the_key():
    @kept_for_all(4)
    def add(left: int, right: int = 1, *, _unkeyed: object = None) -> list[int]:
        return [left, right]

    first = add(1, _unkeyed="a")
    assert add(1, right=1, _unkeyed="b") is first
    assert add(left=1) is first
    assert add(1, 2) == [1, 2]


def test_emptying_the_caches_of_streamlit_leaves_model_and_results():
    """What a browser's `clear_cache` message does to all sessions."""
    model, kept = load_model("tiny"), results_about(is_sample=True)
    kept.keep("before", 1)
    st.cache_data.clear()
    st.cache_resource.clear()
    assert load_model("tiny") is model
    assert results_about(is_sample=True).find("before") == 1


def test_results_of_a_model_are_not_those_of_another_one_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))

    @kept_for_all()
    def width(model: str) -> int:
        return load_model(model).dim

    stored = tiny_model()
    for layers in (2, 1):
        config = dataclasses.replace(stored.model.config, n_layers=layers)
        write_folder(dataclasses.replace(stored, model=BiLM(config)), tmp_path / "mine")
        with reading_with("mine"):
            assert load_model("mine").n_layers == layers + 1
            assert results_about(is_sample=True).get_or_compute("layers", partial(int, layers)) == layers
            assert width("mine") == load_model("mine").dim
        shutil.rmtree(tmp_path / "mine")


def test_a_result_of_one_session_is_not_in_another():
    def script() -> None:
        import streamlit as st

        from pages.common.results import visitor_results

        who = st.text_input("Who", key="who")
        st.write(visitor_results().get_or_compute("name", lambda: who))

    ann, bob = AppTest.from_function(script), AppTest.from_function(script)
    for test, name in ((ann, "Ann"), (bob, "Bob")):
        test.session_state["who"] = name
        test.run()
    assert [test.markdown[0].value for test in (ann, bob)] == ["Ann", "Bob"]
    assert ann.text_input[0].set_value("Cara").run().markdown[0].value == "Ann"
