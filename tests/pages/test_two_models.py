"""A second model beside the first: in the link, on the same uses, with one selection."""

from __future__ import annotations

import contextlib
import dataclasses
import io

import pytest
from streamlit.testing.v1 import AppTest

from elmo_core.learning.texts.results import LEARNED, LEARNED_WORDS
from elmo_core.nn.bilm import BiLM
from elmo_core.text.vocabulary import Vocabulary
from elmo_core.weights.folder import write_folder
from elmo_core.weights.registry import MODELS_VARIABLE
from elmo_core.weights.tiny import tiny_model
from pages.common.selection import Selection
from tests.pages.driver import (
    alt,
    captions,
    chart,
    checked,
    decoded,
    job_of,
    messages,
    open_page,
    texts,
    wait_for_charts,
    wait_until_over,
)
from tests.pages.test_classify_page import small_table


@pytest.fixture(scope="module", autouse=True)
def own_models(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MODELS_VARIABLE, str(folder))
        tiny = tiny_model()
        write_folder(tiny, folder / "second", dtype="float32")
        assert tiny.vocabulary is not None
        words = [*tiny.vocabulary.words[:-1], "soup"]
        write_folder(dataclasses.replace(tiny, vocabulary=Vocabulary(words)), folder / "other-words")
        shape = dataclasses.replace(tiny.model.config, has_softmax=False)
        silent = dataclasses.replace(tiny, model=BiLM(shape).eval())
        write_folder(silent, folder / "no-softmax")
        yield


def compared(app: AppTest) -> object:
    return app.selectbox(key="compare_tiny").value


def test_word_senses_shows_both_with_their_numbers_and_one_selection():
    address = {"word": "bank", "projection": "PCA", "compare": "second", "selected": "3.7"}
    app = wait_for_charts(open_page("senses", **address), 3)
    assert compared(app) == "second"
    assert {"**tiny**", "**second**"} <= {element.value for element in app.markdown}
    assert alt(app, 0) == alt(app, 1)  # the same weights: the same map
    numbers = [element.value for element in app.subheader if "guessing" in element.value]
    assert len(numbers) == 2 and numbers[0] == numbers[1]
    assert "no evidence that they differ" in texts(app)
    assert chart(app, 0)["data"] == chart(app, 1)["data"]  # the same colours and marks, too
    checked(app.button(key="senses_second_misplaced").click().run())
    assert len(app.session_state["senses_selection"].ids) > 2
    checked(app.selectbox(key="compare_tiny").set_value(None).run())
    assert "compare" not in app.query_params and "**second**" not in texts(app)


def test_static_shows_the_neighbours_and_the_scores_of_both():
    app = wait_for_charts(open_page("static", term="bank", contextual="Context", compare="second"))
    assert chart(app, 0)["data"] == chart(app, 1)["data"]  # the same weights
    assert "second, Context: " in texts(app)
    assert {"first, other model cosine", "second cosine"} <= set(app.dataframe[-1].value.columns)
    app.segmented_control(key="show").set_value("Scores")
    table = wait_for_charts(checked(app.run())).dataframe[0].value
    scores = table["score"].tolist()
    assert table["source"].tolist()[-1] == "Uniform mix, second" and scores[1:6] == scores[6:11]


def test_layers_shows_the_curves_of_both():
    app = wait_for_charts(open_page("layers", study="Probing curves", compare="second"), 2)
    assert {"**tiny**", "**second**"} <= {element.value for element in app.markdown}
    assert chart(app, 0)["data"] == chart(app, 1)["data"]  # the same weights


def test_layers_shows_the_mixtures_of_both_by_one_score_and_at_one_mixture():
    app = wait_for_charts(open_page("layers", compare="second", mix="1 0 0"), 3)
    assert {"**tiny**", "**second**"} <= {element.value for element in app.markdown}
    checked(app.selectbox(key="layers_score").set_value("probe").run())
    first, _, second = (chart(app, number)["data"] for number in range(3))
    scores = [decoded(one[0]["marker"].pop("color")) for one in (first, second)]
    assert scores[0] == pytest.approx(scores[1], abs=0.03)  # the same weights; a tie may fall either way
    assert first == second
    numbers = [(one.label, one.value, one.delta) for one in app.metric]
    assert len(numbers) == 2 and numbers[0] == numbers[1]
    assert not numbers[0][2].startswith("+0.0")  # that of layer 0, not of the uniform mix


def test_read_shows_the_surprise_of_both():
    app = open_page("read", compare="second", beside="")
    assert {"**tiny**", "**second**"} <= {element.value for element in app.markdown}
    coloured = [element.proto.body for element in app.get("html")]
    coloured = [body for body in coloured if ">soup<" in body or ">sea<" in body]
    assert len(coloured) == 2 and coloured[0] == coloured[1]  # the same weights
    assert app.segmented_control(key="read_part").value == "Two models"
    table = app.dataframe[0].value
    assert list(table) == ["word", "tiny", "second", "difference"]
    assert (table["difference"].dropna() == 0).all() and table["tiny"].equals(table["second"])
    assert "do not compare" not in captions(app)
    cell = next(code.value for code in app.code if "load_elmo" in code.value)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(cell, {})
    assert len(printed.getvalue().splitlines()) == 2 + 9
    assert any("compare=second" in code.value for code in app.code)
    checked(app.segmented_control(key="read_part").set_value("Table of words").run())
    assert {"both_bits", "second_both_bits", "both_difference"} <= set(app.dataframe[0].value)
    checked(app.segmented_control(key="read_part").set_value("Perplexity").run())
    assert list(app.dataframe[0].value["model"]) == ["tiny"] * 4 + ["second"] * 4

    app = open_page("read", compare="other-words")
    assert "so their perplexities of the whole text do not compare" in captions(app)
    app = open_page("read", compare="no-softmax")
    assert "no-softmax cannot say how surprising a word is: it has no softmax" in messages(app)
    assert ">soup</bdi>" in "".join(element.proto.body for element in app.get("html"))
    assert app.segmented_control(key="read_part").value == "Word for word"  # of the other model


def test_classify_shows_the_methods_of_both_in_one_table_with_one_verdict():
    asked = {"classify_methods": [LEARNED_WORDS]}
    app = open_page("classify", asked, data="My table", test="one split", compare="second")
    name, content = small_table()
    checked(app.file_uploader(key="classify_file").upload(name, content, "text/csv").run())
    checked(app.button(key="classify_start").click().run())
    wait_until_over(job_of(app, "classify"))
    checked(app.run())
    table = next(one.value for one in app.dataframe if "macro-F1" in one.value)
    named = [f"{name}, second" for name in (LEARNED, LEARNED_WORDS)]
    assert table["method"].tolist()[-4:] == [LEARNED, LEARNED_WORDS, *named]
    scores = table["macro-F1"].tolist()
    assert scores[-4:-2] == scores[-2:] and table["p"].notna().sum() == 4
    assert "Between the models, by" in messages(app) and "not told apart" in messages(app)
    assert "Methods named after second read with that model" in captions(app)
    assert {LEARNED, f"{LEARNED}, second"} <= set(app.selectbox(key="classify_inside_method").options)
    cell = next(code.value for code in app.code if "compare_methods" in code.value)
    assert "second = load_elmo('second')" in cell and "static=static, second=second)" in cell


def test_entities_shows_the_methods_of_both_in_one_table_with_one_verdict():
    few = {"entities_passes": 2, "entities_methods": ["look-up", "feature CRF", "learned mix"]}
    app = open_page("entities", few, compare="second")
    wait_until_over(job_of(app, "entities"))
    checked(app.run())
    table = next(one.value for one in app.dataframe if "method" in one.value)
    assert table["method"].tolist()[-2:] == ["learned mix", "learned mix, second"]
    assert "Between the models, by" in texts(app)
    assert not app.error


def test_the_comparison_travels_over_the_pages_and_ends_with_its_model():
    app = open_page("models", compare="second")
    checked(app.switch_page("lessons/page.py").run())
    assert app.query_params["compare"] in ("second", ["second"])
    checked(app.switch_page("models/page.py").run())
    checked(app.button(key="models_second_use").click().run())
    assert "compare" not in app.query_params  # a model is not compared with itself
    assert "There is no model named" in texts(open_page("models", compare="<b>x</b>"))


def test_a_lasso_in_one_map_stands_out_in_the_other():
    in_first = Selection().by_map([1, 2], 5)
    assert (in_first.ids, in_first.highlighted, in_first.highlighted_beside) == ((1, 2), (), (1, 2))
    in_second = in_first.by_map([4], 5, is_beside=True)
    assert (in_second.ids, in_second.highlighted, in_second.highlighted_beside) == ((4,), (4,), (1, 2))
    ticked = in_second.by_table([0], 5)
    assert ticked.highlighted == ticked.highlighted_beside == ticked.ids == (4,)
