"""The page of maps, run without a browser, on the tiny model."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.typing import PlotlyState

from elmo_core.maps.points import columns_of
from pages.common.chosen_model import model_name
from pages.common.loaders import WORDS, sample
from pages.common.openings import opening_texts
from tests.pages.driver import chart, checked, open_page, texts, wait_for_charts

N_SENTENCES = len(sample().text.sentences)


def open_maps(**address: str) -> AppTest:
    """Open the page with maps by PCA, which need no compilation."""
    return open_page("maps", **{"maps_method": "PCA", "maps_from": "Words", **address})


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_sentences_of_the_sample_by_their_columns():
    app = wait_for_charts(open_maps())
    assert {trace["type"] for trace in chart(app)["data"]} == {"scattergl"}
    assert sum(len(trace["text"]) for trace in chart(app)["data"]) == N_SENTENCES
    assert set(app.selectbox(key="maps_colour").options) == {"word", "pos", "sense", "length"}
    assert {"bat: animal", "seal: animal"} <= set(columns_of(sample(WORDS).text)["sense"])  # no one sense
    assert "Trustworthiness" in texts(app)
    assert "random neighbours" in texts(app)
    before = chart(app)["layout"]["xaxis"]["range"]
    checked(app.segmented_control(key="maps_view").set_value("Layer 0 (token)").run())
    assert chart(app)["layout"]["xaxis"]["range"] == before  # one frame for all views


def test_it_opens_on_labelled_texts_with_a_score_and_the_points_where_it_fails():
    app = wait_for_charts(open_page("maps", maps_method="PCA"))
    assert app.segmented_control(key="maps_from").value == opening_texts(model_name())
    label = app.selectbox(key="maps_colour").value
    assert f"lie nearest to their own {label} (guessing: " in texts(app)
    checked(app.button(key="maps_misplaced").click().run())
    assert f"{len(app.session_state['maps_selection'].ids):,} of" in texts(app)


def test_a_link_holds_colour_view_and_search_and_an_earlier_one_still_opens():
    address = {"maps_colour": "pos", "maps_view": "Layer 1", "maps_search": "canoe"}
    app = wait_for_charts(open_maps(maps_from="Sample", **address))
    assert app.segmented_control(key="maps_from").value == "Words"
    assert app.selectbox(key="maps_colour").value == "pos"
    assert app.segmented_control(key="maps_view").value == "Layer 1"
    assert "1 points match canoe" in texts(app)


def test_tokens_in_space_and_plain_cosines():
    app = wait_for_charts(open_maps(maps_points="Tokens", maps_dims="3D"))
    assert {trace["type"] for trace in chart(app)["data"]} == {"scatter3d"}
    assert "Choose 2D to select" in texts(app)
    assert "3,000 of" in texts(app)
    app.toggle(key="maps_centred").set_value(False).run()
    app = wait_for_charts(checked(app))
    assert app.selectbox(key="maps_colour").value == "word"


def test_a_lasso_is_listed_and_movers_stand_out():
    app = wait_for_charts(open_maps())
    points = [{"customdata": row} for row in (3, 4, 9)]
    state = {"selection": {"points": points, "point_indices": [], "box": [], "lasso": []}}
    app.session_state["maps_selection"] = app.session_state["maps_selection"].by_map((3, 4, 9), N_SENTENCES)
    app.session_state["maps_map"] = PlotlyState(state)
    checked(app.run())
    assert f"3 of {N_SENTENCES} points selected" in texts(app)
    assert list(app.dataframe[0].value["row"]) == [4, 5, 10]
    checked(app.button(key="maps_mover_show").click().run())
    assert f"20 of {N_SENTENCES} points selected" in texts(app)
    marked = [trace for trace in chart(app)["data"] if trace.get("selectedpoints")]
    assert sum(len(trace["selectedpoints"]) for trace in marked) == 20
    checked(app.button(key="maps_clear").click().run())
    assert "Lasso points in the map" in texts(app)


def test_search_marks_what_it_finds_and_selects_it_by_keyboard():
    app = wait_for_charts(open_maps())
    checked(app.text_input(key="maps_search").set_value("canoe").run())
    assert "1 points match canoe" in texts(app)
    app = checked(app.button(key="maps_select_matches").click().run())
    assert f"1 of {N_SENTENCES} points selected" in texts(app)


def test_ones_own_text():
    app = open_maps(maps_from="My text")
    assert "Paste some text" in texts(app)
    app.text_area(key="maps_pasted").set_value(
        "One dog ran. Two cats sat! Three birds flew. A <b>fox</b> hid."
    )
    app = wait_for_charts(checked(app.button(key="maps_paste").click().run()))
    assert sum(len(trace["text"]) for trace in chart(app)["data"]) == 4
    assert not any("<b>fox" in text for trace in chart(app)["data"] for text in trace["text"])


def test_ones_own_vectors():
    app = open_maps(maps_from="My vectors")
    values = np.random.default_rng(0).standard_normal((40, 6))
    values[3, 2] = np.nan
    checked(
        app.file_uploader(key="maps_vectors").upload("v.npy", npy(values), "application/octet-stream").run()
    )
    app = wait_for_charts(app)
    assert sum(len(trace["text"]) for trace in chart(app)["data"]) == 39
    assert "1 row of v" in texts(app)
    broken = app.file_uploader(key="maps_vectors").upload("v.npy", b"\x93NUMPY", "application/octet-stream")
    checked(broken.run())
    assert "is not a NumPy array" in app.error[0].value


def test_how_ones_own_vectors_were_read_is_said_and_can_be_corrected():
    app = open_maps(maps_from="My vectors")
    lines = ["name;x_1;x_2;x_3", *(f"café {row};{row}.5;{row % 3}.0;{row % 5}.25" for row in range(12))]
    content = gzip.compress("\n".join(lines).encode("cp1252"))
    checked(app.file_uploader(key="maps_vectors").upload("own.csv.gz", content).run())
    assert "12 vectors of width 3 in" in texts(app)
    assert "Encoding guessed" in texts(app)
    (encoding,) = [box for box in app.selectbox if box.label == "Encoding"]
    checked(encoding.set_value("utf-8").run())
    assert "choose another encoding" in texts(app)


@pytest.mark.parametrize("points", ["Sentences", "Tokens"])
def test_the_python_cell_draws_the_map_on_screen(points: str):
    app = wait_for_charts(open_maps(maps_points=points))
    app.selectbox(key="maps_colour").select("word").run()
    (cell,) = [code.value for code in app.code if "load_elmo" in code.value]
    body, _, last = cell.rpartition("\n")
    names: dict[str, Any] = {}
    exec(compile(body, "cell", "exec"), names)
    drawn = json.loads(eval(last, names).to_json())
    shown = chart(app)
    assert [trace["name"] for trace in drawn["data"]] == [trace["name"] for trace in shown["data"]]
    assert drawn["data"][0]["x"] == shown["data"][0]["x"]
