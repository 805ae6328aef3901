"""Every page with a transformer: what it can be asked is shown, what it lacks is said in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from elmo_core import load_encoder
from elmo_core.own_models import add_model
from elmo_core.senses.calibration import Level, SenseCalibration
from elmo_core.senses.kept_calibrations import keep_calibration
from elmo_core.weights.registry import MODELS_VARIABLE
from tests.pages.driver import checked, messages, open_page, texts, wait_for_charts

NAME, HEADLESS = "random-bert", "headless-bert"


@pytest.fixture(scope="module", autouse=True)
def own_models(random_bert: Path, headless_bert: Path, tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MODELS_VARIABLE, str(tmp_path_factory.mktemp("own")))
        patch.setenv("ELMO_LOCAL_FILES", "on")
        add_model(random_bert, NAME)
        add_model(headless_bert, HEADLESS)
        yield


@pytest.mark.parametrize(
    ("page", "address", "n_charts", "said"),
    [
        ("senses", {"word": "bank", "projection": "PCA"}, 2, "no contexts can be re-paired"),
        ("senses", {"word": "bank", "projection": "PCA", "part": "What if"}, 2, "neither side has a share"),
        ("static", {}, 1, "of 10 nearest words"),
        ("layers", {}, 2, "Choosing the best mixture"),
        ("layers", {"compare": "tiny"}, 3, "It has 3 layers, so the chosen mixture does not fit"),
        ("layers", {"study": "Contextuality"}, 1, ""),
        ("layers", {"study": "Probing curves"}, 1, "it has no halves"),
        ("maps", {"maps_method": "PCA"}, 1, "lie nearest to their own topic"),
        ("classify", {}, 1, "Tested on 240 texts"),
        ("entities", {}, 1, "sentences to learn from"),
    ],
)
def test_a_page_opens_with_a_transformer(page: str, address: dict[str, str], n_charts: int, said: str):
    app = wait_for_charts(open_page(page, model=NAME, **address), n_charts)
    assert said in texts(app)
    assert not app.error
    cells = [code.value for code in app.code if "import" in code.value]
    assert all("load_elmo" not in cell and f"load_encoder('{NAME}')" in cell for cell in cells)
    assert bool(cells) == (page not in ("classify", "entities"))  # these compute first


def test_a_model_without_a_calibration_says_so_and_offers_one_and_with_one_is_judged_by_it():
    address = {"word": "bank", "projection": "PCA", "model": NAME}
    app = wait_for_charts(open_page("senses", **address), 2)
    assert "not calibrated for this model" in texts(app)
    assert app.button(key=f"calibration_{NAME}_start").label == "Calibrate this model"
    level = Level(10, 0.9, 100, 4, 50, 30)
    path = keep_calibration(SenseCalibration(NAME, load_encoder(NAME).fingerprint, "text", 0.05, 1, (level,)))
    said = texts(wait_for_charts(open_page("senses", **address), 2))
    assert "takes 4% of 100 words of one sense for more (2% to 10%) and finds 60% of 50" in said
    assert "not calibrated" not in said and "no contexts can be re-paired" not in said
    assert "words of one sense fall apart as much" in said
    path.write_text("{}")
    said = texts(wait_for_charts(open_page("senses", **address), 2))
    assert "is no calibration of sense groups" in said and "not calibrated for this model" in said
    path.unlink()


def test_read_masks_each_word_and_says_what_does_not_compare():
    app = wait_for_charts(open_page("read", model=NAME, beside=""))
    assert "so it has none from one side" in texts(app)
    assert "each predicted with those after it in the word masked as well" in texts(app)
    assert not [one for one in app.segmented_control if one.key == "from"]
    checked(app.segmented_control(key="read_part").set_value("Perplexity").run())
    assert "pseudo-perplexity" in texts(app) and "from the left" not in app.dataframe[0].value
    assert not app.error
    both = wait_for_charts(open_page("read", model="tiny", compare=NAME, beside=""))
    assert "pseudo-perplexity, does not compare" in texts(both)
    cell = next(code.value for code in both.code if "import" in code.value)
    assert f"load_encoder('{NAME}')" in cell and "load_elmo" not in cell


def test_read_says_why_a_model_without_a_head_cannot_and_lessons_and_models_open():
    assert "came without a masked-LM head" in messages(open_page("read", model=HEADLESS))
    assert "Your prediction" in texts(open_page("lessons", model=NAME))
    app = open_page("models", model=NAME)
    assert f"All pages now read with **{NAME}**" in texts(app)
    assert any("a transformer" in str(table.value) for table in app.table)
