"""A second model beside the first: in the link, on the same uses, with one selection."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from elmo_core.weights.folder import write_folder
from elmo_core.weights.registry import MODELS_VARIABLE
from elmo_core.weights.tiny import tiny_model
from pages.common.selection import Selection
from tests.pages.driver import alt, chart, checked, open_page, texts, wait_for_charts


@pytest.fixture(scope="module", autouse=True)
def own_models(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MODELS_VARIABLE, str(folder))
        write_folder(tiny_model(), folder / "second", dtype="float32")
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


def test_layers_shows_the_curves_of_both():
    app = wait_for_charts(open_page("layers", study="Probing curves", compare="second"), 2)
    assert {"**tiny**", "**second**"} <= {element.value for element in app.markdown}
    assert chart(app, 0)["data"] == chart(app, 1)["data"]  # the same weights
    checked(app.segmented_control(key="study").set_value("Mixtures").run())
    assert "**second**" not in texts(wait_for_charts(app, 2))


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
