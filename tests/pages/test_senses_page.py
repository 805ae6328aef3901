"""The page of word senses, run without a browser, on the tiny model."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.typing import PlotlyState

from elmo_core.analysis import reading
from pages.common import loaders

FRAME = Path(__file__).parents[2] / "pages" / "frame.py"
SAMPLE = FRAME.parents[1] / "data" / "samples" / "senses.csv"
TEN = (
    "The crane lifted steel. A crane flew over. The crane nested by the lake. Their crane broke down.\n"
    "A grey crane danced. One crane was hired. The crane stood in water. The crane swung a beam.\n"
    "Each crane needs a licence. No crane sings."
)


@pytest.fixture(autouse=True)
def tiny_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELMO_MODEL", "tiny")


def opened(**address: str) -> AppTest:
    """The page at an address."""
    app = AppTest.from_file(FRAME, default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception, [element.value for element in app.exception]
    return app


def with_own_text() -> AppTest:
    return checked(opened().button(key="senses_own").click().run())


def pasted(text: str, app: AppTest | None = None) -> AppTest:
    app = app or with_own_text()
    app.text_area(key="senses_pasted").set_value(text)
    return checked(app.button(key="senses_paste").click().run())


def uploaded(name: str, content: bytes) -> AppTest:
    app = with_own_text()
    return checked(app.file_uploader(key="senses_file").upload(name, content, "text/plain").run())


def map_of(app: AppTest) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(app.get("plotly_chart")[0].proto.spec)
    return found


def messages(app: AppTest) -> str:
    return " ".join(element.value for kind in (app.error, app.info, app.warning) for element in kind)


def captions(app: AppTest) -> str:
    return " ".join(element.value for element in app.caption)


def test_it_opens_on_bank_already_drawn():
    app = opened()
    assert [trace["name"] for trace in map_of(app)["data"]] == [
        "financial institution (23)",
        "river edge (23)",
    ]
    assert len(app.dataframe[0].value) == 46
    assert list(app.dataframe[0].value.columns) == ["left", "word", "right", "sense", "nearest"]
    assert app.get("plotly_chart")[0].proto.alt.startswith("Map of 46 uses of bank by Uniform mix (PCA): 23 ")
    assert "Of 46 uses, " in captions(app)
    assert "95% interval" in captions(app)
    assert "with the senses shuffled, 50% by always naming" in captions(app)


def test_the_model_says_what_it_is():
    app = opened()
    assert "Random weights: for trying the page only." in messages(app)
    assert "seed 42" in captions(app)


def test_a_broken_model_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ELMO_MODEL", "no-such-model")
    assert "no-such-model" in messages(opened())


def test_other_words_are_one_click_away():
    app = opened()
    words = [app.button(key=f"senses_word_{number}").label for number in range(10)]
    assert words == ["bank", "spring", "light", "bat", "crane", "seal", "plant", "charge", "draw", "bear"]
    app = checked(app.button(key="senses_word_1").click().run())
    assert app.text_input(key="word").value == "spring"
    assert [trace["name"] for trace in map_of(app)["data"]] == [
        "coil (15)",
        "season (16)",
        "water source (15)",
    ]


def test_an_address_is_a_view():
    app = opened(word="seal", layer="LSTM layer 2", projection="PCA")
    assert app.get("plotly_chart")[0].proto.alt.startswith("Map of 46 uses of seal by LSTM layer 2 (PCA)")


def test_a_layer_keeps_the_frame_and_moves_the_dots():
    first, second = map_of(opened(layer="LSTM layer 1")), map_of(opened(layer="LSTM layer 2"))
    assert first["layout"]["xaxis"]["range"] == second["layout"]["xaxis"]["range"]
    assert first["data"][0]["x"] != second["data"][0]["x"]
    tokens = opened(layer="Token vector")
    assert "46 uses share 1 place" in captions(tokens)
    assert set(tokens.dataframe[0].value["nearest"]) == {"tie"}


def test_nonsense_in_the_address_falls_back():
    app = opened(layer="LSTM layer 9", projection="t-SNE")
    assert "Uniform mix (PCA)" in app.get("plotly_chart")[0].proto.alt


def test_a_word_that_is_not_there_gives_the_nearest_spellings():
    app = opened(word="banc")
    assert "banc is not in this text. The nearest spellings" in messages(app)
    near = app.button(key="senses_near_bank")
    assert near.label == "bank (46)"
    app = checked(near.click().run())
    assert len(app.dataframe[0].value) == 46


def test_no_word_is_near():
    assert "nor is any word spelt like it" in messages(opened(word="qqqqzz"))


def test_two_tokens_are_one_sentence():
    assert "is 2" in messages(opened(word="river bank"))


def test_too_few_uses_are_shown_without_a_map():
    app = opened(word="canoe")
    assert "A map needs at least 3 uses; canoe has " in messages(app)
    assert not app.get("plotly_chart")
    assert list(app.dataframe[0].value["word"]) == ["canoe"] * len(app.dataframe[0].value)


def test_a_word_of_the_sample_without_senses_has_no_score():
    app = opened(word="water")
    assert "carry no gold senses" in captions(app)
    assert not app.metric


def test_an_empty_text_asks_for_one():
    assert "Paste some sentences or choose a file" in messages(with_own_text())


def test_a_pasted_text_is_drawn_at_once():
    app = pasted(TEN)
    assert app.get("plotly_chart")[0].proto.alt == "Map of 10 uses of crane by Uniform mix (PCA)."
    assert app.button(key="senses_word_0").label == "crane"
    assert "carry no gold senses" in captions(app)
    back = checked(app.button(key="senses_own").click().run())
    assert len(back.dataframe[0].value) == 46


def test_few_uses_get_pca_in_place_of_umap():
    app = pasted(TEN)
    app = checked(app.segmented_control(key="projection").set_value("UMAP").run())
    assert "(PCA)" in app.get("plotly_chart")[0].proto.alt
    assert "10 uses are too few for UMAP" in captions(app)


def test_a_text_without_the_word():
    app = pasted(TEN)
    assert "not in this text" in messages(app.text_input(key="word").set_value("bank").run())


def test_the_sample_itself_can_be_uploaded():
    app = uploaded("mine.csv", SAMPLE.read_bytes())
    columns = [app.selectbox(key=f"senses_{name}_column").value for name in ("text", "label", "word")]
    assert columns == ["sentence", "sense", "word"]
    app = checked(app.text_input(key="word").set_value("crane").run())
    assert [trace["name"] for trace in map_of(app)["data"]] == ["bird (23)", "machine (23)"]


def test_an_encoding_is_guessed_and_said():
    text = "Das Schloss war schön. Ein Schloß fiel. Das Schloss hängt an der Tür. Größer als das Schloss! "
    app = uploaded("alt.txt", (text * 4).encode("latin-1"))
    assert "alt\\.txt is not UTF-8; read as " in messages(app)
    assert app.get("plotly_chart")[0].proto.alt.startswith("Map of 16 uses of schloss")


def test_columns_without_names_are_numbered_and_odd_rows_counted():
    content = "1,The bank fell.\n2,A bank rose.\n3,a,b\n4,My bank.\n5,Our bank.\n"
    app = uploaded("a.csv", content.encode())
    assert "columns are numbered" in captions(app)
    assert "1 of 5 rows skipped: they do not have 2 cells (line 3 of the file)." in messages(app)
    assert app.get("plotly_chart")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b" ", "is empty"),
        ("a.txt", b"\x00\x01\x02", "is not a text file"),
        ("a.csv", b"id,n\n1,2\n", "has no column of text"),
        ("a.csv", b"text\n", "has no rows"),
    ],
)
def test_unusable_files_are_one_sentence(name: str, content: bytes, message: str):
    app = uploaded(name, content)
    assert len(app.error) == 1
    assert message in app.error[0].value


def test_a_file_that_is_too_large(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 1_100_000)
    assert "a text may have up to 1 MB" in messages(uploaded("a.txt", b"bank " * 300_000))


def test_words_of_users_are_no_markup():
    app = uploaded("<b>![](x).csv", b"\xff\x00")
    assert app.error[0].value.startswith(r"\<b\>\!\[\]\(x\)\.csv is not")


def test_a_lasso_ticks_and_lists_the_rows():
    app = opened()
    before = app.get("plotly_chart")[0].proto.spec
    points = [{"customdata": 7}, {"customdata": [3]}]
    app.session_state["senses_map"] = PlotlyState({"selection": {"points": points, "box": [], "lasso": []}})
    app.session_state["senses_selection"] = app.session_state["senses_selection"].by_map((3, 7), 46)
    app = checked(app.run())
    assert app.get("plotly_chart")[0].proto.spec == before
    assert "**2 of 46 uses selected**" in [element.value for element in app.markdown]
    assert list(app.dataframe[0].value.index[:3]) == [3, 7, 0]
    app = checked(app.button(key="senses_clear").click().run())
    assert "Lasso dots in the map" in captions(app)


def test_the_table_of_the_map_can_be_downloaded():
    source = loaders.sample()
    found = loaders.study(source, loaders.uses_of(source, "bat"), "pca")
    from pages.common.concordance import csv_of

    rows = list(csv.DictReader(io.StringIO(csv_of(found, "LSTM layer 2").decode("utf-8-sig"), newline="")))
    assert len(rows) == 46
    assert {row["sense"] for row in rows} == {"animal", "sports equipment"}
    places = [(float(row["x"]), float(row["y"])) for row in rows]
    assert places == [(float(x), float(y)) for x, y in found.frame.coordinates[2]]
    assert rows[0]["layer"] == "LSTM layer 2"


def test_long_texts_report_their_progress(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loaders, "CHUNK", 20)
    source = loaders.sample()
    shares: list[float] = []
    in_parts = loaders.study(source, loaders.uses_of(source, "draw"), "pca", shares.append)
    assert shares == pytest.approx([20 / 46, 40 / 46])
    assert len(in_parts.frame.coordinates[0]) == 46


def test_a_text_gets_its_own_results():
    """The same word in two texts of one session: nothing of the first shows up in the second."""
    app = pasted(TEN)
    assert "Map of 10 uses of crane" in app.get("plotly_chart")[0].proto.alt
    first = map_of(app)["data"][0]["x"]
    app = pasted(TEN.replace("lifted steel", "fell") + " The crane. A crane.", app)
    assert "Map of 12 uses of crane" in app.get("plotly_chart")[0].proto.alt
    assert map_of(app)["data"][0]["x"] != first
