"""The page of layers and mixtures, run without a browser, on the tiny model."""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.typing import PlotlyState

from elmo_core.layers.scores import SCORES, ScoreName
from pages.common.loaders import sample
from tests.pages.driver import chart, checked, decoded, open_page, texts, wait_for_charts
from tests.pages.gestures import PATIENCE_S

LABELLED = b"text,label\n" + b"".join(
    f"the {('good', 'bad')[row % 2]} film number {row},{('up', 'down')[row % 2]}\n".encode()
    for row in range(24)
)


def turned_to(part: str, app: AppTest) -> AppTest:
    """The page at one of its parts; a choice made by hand outlasts the rerun at the end of a job."""
    return checked(app.segmented_control(key="study").set_value(part).run())


def weights(app: AppTest) -> tuple[float, ...]:
    return tuple(app.slider(key=f"mix_share_{layer}").value for layer in range(3))


def test_it_opens_on_the_triangle_of_bank():
    app = open_page("layers")
    triangle, picture = chart(app, 0), chart(app, 1)
    assert len(decoded(triangle["data"][0]["x"])) == 66
    assert [trace["name"] for trace in triangle["data"][1:]] == ["uniform mix", "current"]
    assert sum(len(trace["text"]) for trace in picture["data"]) == 46
    assert weights(app) == pytest.approx((1 / 3,) * 3, abs=1e-3)
    assert "n = 46" in texts(app)
    assert "labels shuffled" in texts(app)
    assert "95% interval" in texts(app)


def test_a_link_of_an_earlier_version_opens_its_part():
    app = open_page("layers", part="Contextuality")
    assert app.segmented_control(key="study").value == "Contextuality"


def test_slider_typed_weights_address_and_click_set_the_same_mixture():
    app = open_page("layers", mix="1 0 1")
    assert weights(app) == pytest.approx((0.5, 0, 0.5))
    checked(app.slider(key="mix_share_1").set_value(0.5).run())
    assert app.text_input(key="mix").value == "0.25 0.5 0.25"
    checked(app.text_input(key="mix").set_value("0 0 1 x 2").run())
    assert weights(app) == (0, 0, 1)
    assert app.slider(key="mix_gamma").value == 2
    state = {
        "selection": {
            "points": [{"customdata": 10}],
            "point_indices": [10],
            "box": [],
            "lasso": [],
        }
    }
    app.session_state["layers_triangle"] = PlotlyState(state)
    checked(app.run())
    assert weights(app) == (0, 0, 1)  # a selection that stays is no new click
    checked(app.segmented_control(key="mix_mode").set_value("raw w_j").run())
    checked(app.slider(key="mix_raw_0").set_value(0.0).run())
    assert app.text_input(key="mix").value.endswith("x 2")


def test_the_mixture_goes_from_page_to_page():
    app = open_page("layers", mix="0 1 1")
    checked(app.switch_page("maps/page.py").run())
    assert any("Mix 0 0.5 0.5" in option for option in app.multiselect(key="maps_views").options)


def test_gamma_changes_lengths_and_no_score():
    app = open_page("layers", mix="1 1 2")
    before, score = chart(app, 1)["data"][0]["x"], app.metric[0].value
    checked(app.slider(key="mix_gamma").set_value(3.0).run())
    assert chart(app, 1)["data"][0]["x"] == before
    assert app.metric[0].value == score
    assert "gamma = 3 makes every vector 3 times as long" in texts(app)


def test_what_is_no_mixture_is_said_beside_the_field():
    app = open_page("layers")
    checked(app.text_input(key="mix").set_value("1 2").run())
    assert "a mixture is 3 numbers" in app.error[0].value


@pytest.mark.parametrize("score", ["silhouette", "probe", "pairs"])
def test_other_scores_of_other_samples(score: ScoreName):
    app = open_page("layers", layers_score=SCORES[score], layers_data="Word classes")
    assert app.selectbox(key="layers_score").value == score
    assert len(decoded(chart(app)["data"][0]["x"])) == 66


def test_learned_weights_stand_beside_the_fixed_mixtures():
    app = wait_for_charts(turned_to("Learned weights", open_page("layers")), 2)
    assert chart(app, 0)["data"][1]["y"][-1] == "Learned mix"
    assert "the learned mix" in texts(app).lower()
    assert "gamma: 1 before" in texts(app)
    checked(app.button(key="layers_use").click().run())
    turned_to("Mixtures", app)
    assert [trace["name"] for trace in chart(app)["data"][1:]] == ["uniform mix", "learned", "current"]


def test_probing_curves_and_contextuality():
    app = wait_for_charts(turned_to("Probing curves", open_page("layers")))
    assert "random labels" in chart(app)["data"][1]["name"]
    assert app.dataframe[0].value["layer"].tolist()[-1] == "Context" and len(app.dataframe[0].value) == 12
    app = wait_for_charts(turned_to("Contextuality", app))
    assert list(app.dataframe[0].value.columns) == ["word", "uses", "self-similarity", "one vector explains"]
    assert f"{len(sample().text.sentences)} different sentences" in texts(app)


def test_ones_own_table_is_scored():
    app = open_page("layers", layers_data="My own text")
    assert "Choose a table" in texts(app)
    checked(app.file_uploader(key="layers_file").upload("own.csv", LABELLED, "text/csv").run())
    (labels,) = [box for box in app.selectbox if box.label == "Labelled sense"]
    checked(labels.set_value("label").run())
    app = wait_for_charts(app, 2)
    assert sum(len(trace["text"]) for trace in chart(app, 1)["data"]) == 24
    turned_to("Learned weights", app)
    assert "5 random splits" in texts(wait_for_charts(app, 2))


def test_a_table_without_labels_says_what_is_missing():
    app = open_page("layers", layers_data="My own text")
    checked(
        app.file_uploader(key="layers_file")
        .upload("own.csv", b"text\none two\nthree four\n", "text/csv")
        .run()
    )
    end = time.monotonic() + PATIENCE_S
    while "no labels" not in texts(app) and time.monotonic() < end:
        time.sleep(0.1)
        checked(app.run())
    assert "choose the column that holds them" in texts(app)
