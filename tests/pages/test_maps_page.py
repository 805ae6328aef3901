"""The page of maps, run without a browser, on the tiny model."""

from __future__ import annotations

import gzip
import io
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.typing import PlotlyState

from pages.common.loaders import sample
from tests.pages.gestures import PATIENCE_S

FRAME = Path(__file__).parents[2] / "pages" / "frame.py"
PAGE = "maps/page.py"
N_SENTENCES = len(sample().text.sentences)


@pytest.fixture(autouse=True)
def tiny_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELMO_MODEL", "tiny")


def opened(**address: str) -> AppTest:
    """The page, by PCA unless the address says otherwise."""
    app = AppTest.from_file(FRAME, default_timeout=PATIENCE_S).run()
    for name, value in {"maps_method": "PCA", **address}.items():
        app.query_params[name] = value
    return checked(app.switch_page(PAGE).run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception, [element.value for element in app.exception]
    return app


def finished(app: AppTest) -> AppTest:
    """Run until the job is done."""
    end = time.monotonic() + PATIENCE_S
    while not app.get("plotly_chart") and time.monotonic() < end:
        time.sleep(0.5)
        checked(app.run())
    assert app.get("plotly_chart"), words(app)
    return app


def chart(app: AppTest) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(app.get("plotly_chart")[0].proto.spec)
    return found


def words(app: AppTest) -> str:
    kinds = (app.caption, app.markdown, app.error, app.info, app.warning)
    return " ".join(element.value for kind in kinds for element in kind)


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_sentences_of_the_sample_by_their_columns():
    app = finished(opened())
    assert {trace["type"] for trace in chart(app)["data"]} == {"scattergl"}
    assert sum(len(trace["text"]) for trace in chart(app)["data"]) == N_SENTENCES
    assert set(app.selectbox(key="maps_colour").options) == {"word", "pos", "sense", "length"}
    assert "Trustworthiness" in words(app)
    assert "random neighbours" in words(app)
    before = chart(app)["layout"]["xaxis"]["range"]
    checked(app.segmented_control(key="maps_view").set_value("Token vector").run())
    assert chart(app)["layout"]["xaxis"]["range"] == before  # one frame for all views


def test_tokens_in_space_and_plain_cosines():
    app = finished(opened(maps_points="Tokens", maps_dims="3D"))
    assert {trace["type"] for trace in chart(app)["data"]} == {"scatter3d"}
    assert "choose 2D to select" in words(app)
    assert "3,000 of" in words(app)
    app.toggle(key="maps_centred").set_value(False).run()
    app = finished(checked(app))
    assert app.selectbox(key="maps_colour").value == "word"


def test_a_lasso_is_listed_and_movers_stand_out():
    app = finished(opened())
    points = [{"customdata": row} for row in (3, 4, 9)]
    state = {"selection": {"points": points, "point_indices": [], "box": [], "lasso": []}}
    app.session_state["maps_selection"] = app.session_state["maps_selection"].by_map((3, 4, 9), N_SENTENCES)
    app.session_state["maps_chart"] = PlotlyState(state)
    checked(app.run())
    assert f"3 of {N_SENTENCES} points selected" in words(app)
    assert list(app.dataframe[0].value["row"]) == [4, 5, 10]
    checked(app.button(key="maps_mover_show").click().run())
    assert f"20 of {N_SENTENCES} points selected" in words(app)
    marked = [trace for trace in chart(app)["data"] if trace.get("selectedpoints")]
    assert sum(len(trace["selectedpoints"]) for trace in marked) == 20
    checked(app.button(key="maps_clear").click().run())
    assert "Lasso points in the map" in words(app)


def test_search_marks_what_it_finds():
    app = finished(opened())
    checked(app.text_input(key="maps_search").set_value("canoe").run())
    assert "1 points match canoe" in words(app)


def test_ones_own_text():
    app = opened(maps_from="My text")
    assert "Paste some text" in words(app)
    app.text_area(key="maps_pasted").set_value(
        "One dog ran. Two cats sat! Three birds flew. A <b>fox</b> hid."
    )
    app = finished(checked(app.button(key="maps_paste").click().run()))
    assert sum(len(trace["text"]) for trace in chart(app)["data"]) == 4
    assert not any("<b>fox" in text for trace in chart(app)["data"] for text in trace["text"])


def test_ones_own_vectors():
    app = opened(maps_from="My vectors")
    values = np.random.default_rng(0).standard_normal((40, 6))
    values[3, 2] = np.nan
    checked(
        app.file_uploader(key="maps_vectors").upload("v.npy", npy(values), "application/octet-stream").run()
    )
    app = finished(app)
    assert sum(len(trace["text"]) for trace in chart(app)["data"]) == 39
    assert "1 row of v" in words(app)
    broken = app.file_uploader(key="maps_vectors").upload("v.npy", b"\x93NUMPY", "application/octet-stream")
    checked(broken.run())
    assert "is not a NumPy array" in app.error[0].value


def test_how_ones_own_vectors_were_read_is_said_and_can_be_corrected():
    app = opened(maps_from="My vectors")
    lines = ["name;x_1;x_2;x_3", *(f"café {row};{row}.5;{row % 3}.0;{row % 5}.25" for row in range(12))]
    content = gzip.compress("\n".join(lines).encode("cp1252"))
    checked(app.file_uploader(key="maps_vectors").upload("own.csv.gz", content).run())
    assert "12 vectors of width 3 in" in words(app)
    assert "Encoding guessed" in words(app)
    (encoding,) = [box for box in app.selectbox if box.label == "Encoding"]
    checked(encoding.set_value("utf-8").run())
    assert "choose another encoding" in words(app)


@pytest.mark.parametrize("points", ["Sentences", "Tokens"])
def test_the_python_cell_draws_the_map_on_screen(points: str):
    app = finished(opened(maps_points=points))
    app.selectbox(key="maps_colour").select("word").run()
    (cell,) = [code.value for code in app.code if "load_elmo" in code.value]
    body, _, last = cell.rpartition("\n")
    names: dict[str, Any] = {}
    exec(compile(body, "cell", "exec"), names)
    drawn = json.loads(eval(last, names).to_json())
    shown = chart(app)
    assert [trace["name"] for trace in drawn["data"]] == [trace["name"] for trace in shown["data"]]
    assert drawn["data"][0]["x"] == shown["data"][0]["x"]
