"""The page of the classifier lab, run without a browser, on the tiny model."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from typing import Any

import numpy as np
import openpyxl
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.typing import PlotlyState

from elmo_core.learning.head_files import zip_bytes
from elmo_core.learning.texts.results import LEARNED, LEARNED_WORDS, PRODUCT, TextResult
from elmo_core.tables import reading
from elmo_core.tables.export import to_csv
from pages.classify import results as lab_cache
from pages.classify.mistakes import texts_of
from pages.classify.results import SAMPLES, sample_file
from pages.common import jobs, permissions, upload
from tests.pages.driver import captions, checked, job_of, messages, open_page, wait_until_over
from tests.pages.gestures import PATIENCE_S

NOUNS = ("tea", "soup", "room", "walk", "book", "film", "song", "view", "train", "garden")
WORDS = {"bad": ("rude", "cold", "dull"), "good": ("fine", "lovely", "warm")}


def small_table(n: int = 60, name: str = "mine.csv") -> tuple[str, bytes]:
    """A CSV whose labels hang on a word each."""
    rng = np.random.default_rng(5)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(("id", "comment", "verdict"))
    for row in range(n):
        label = ("bad", "good")[row % 2]
        first, second = rng.choice(NOUNS, 2)
        writer.writerow(
            (row, f"the {first} was {rng.choice(WORDS[label])}, and the {second} no {row}", label)
        )
    return name, buffer.getvalue().encode()


def opened(**address: str) -> AppTest:
    """The page with the bundled reviews."""
    return open_page("classify", **{"data": "Reviews", **address})


def uploaded(name: str, content: bytes) -> AppTest:
    app = checked(opened().segmented_control(key="data").set_value("My table").run())
    return checked(app.file_uploader(key="classify_file").upload(name, content, "text/csv").run())


def button(app: AppTest, label: str) -> Any:
    return next(one for one in app.button if one.label.startswith(label))


def finished(app: AppTest, owner: str = "classify") -> AppTest:
    """Wait for the job, then draw its result."""
    job = wait_until_over(job_of(app, owner))
    assert job.state == "done", (job.state, job.error)
    return checked(app.run())


def trained(app: AppTest, *methods: str) -> AppTest:
    """Train on one split, which is faster than the folds that so few texts would get."""
    app.segmented_control(key="test").set_value("one split")
    app.multiselect(key="classify_methods").set_value(list(methods))
    checked(button(app, "Train").click().run())
    return finished(app)


def scores(app: AppTest) -> Any:
    return next(one.value for one in app.dataframe if "macro-F1" in one.value.columns)


@pytest.fixture(scope="module")
def after_training() -> AppTest:
    """A table of one's own, trained with three methods on one split."""
    return trained(uploaded(*small_table()), LEARNED, LEARNED_WORDS, PRODUCT)


def show(app: AppTest, view: str, method: str = LEARNED_WORDS) -> AppTest:
    app.selectbox(key="classify_inside_method").set_value(method)
    return checked(app.segmented_control(key="inside").set_value(view).run())


def test_it_opens_on_a_checked_sample_with_its_baselines():
    app = opened()
    assert "260 rows, 2 columns, CSV, utf-8, commas, the first row names the columns" in captions(app)
    assert "No duplicates, no empty rows" in messages(app)
    assert list(scores(app)["method"]) == ["majority class", "TF-IDF + LR"]
    assert "Tested on 260 texts" in captions(app)
    assert "the baselines without a biLM" in captions(app)
    assert "on this machine" in captions(app)
    assert not button(app, "Train").disabled


@pytest.mark.parametrize("name", list(SAMPLES))
def test_every_sample_can_be_opened_by_its_address(name: str):
    assert SAMPLES[name] in captions(opened(data=name))


def labelled(app: AppTest, label: str) -> Any:
    (found,) = [box for box in app.selectbox if box.label == label]
    return found


def test_a_sheet_without_a_table_can_be_left_again():
    book = openpyxl.Workbook()
    book.active.title = "Empty"
    sheet = book.create_sheet("Reviews")
    for row in (("text", "label"), ("a fine film", "good"), ("a poor film", "bad"), ("so fine", "good")):
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    app = uploaded("book.xlsx", content.getvalue())
    assert "sheet 'Reviews' of 2" in captions(app)
    app = checked(labelled(app, "Sheet").set_value("Empty").run())
    assert len(app.error) == 1
    app = checked(labelled(app, "Sheet").set_value("Reviews").run())
    assert "sheet 'Reviews' of 2" in captions(app)


def test_planted_faults_are_found_and_can_be_mended():
    app = opened(data="Messy messages")
    assert "is not UTF-8; read as cp1252" in messages(app)
    assert "rows skipped" in messages(app)
    assert "refund has 1 row; at least 2 are needed" in messages(app)
    assert "differ in spelling alone" in messages(app)
    assert "whose labels contradict each other" in messages(app)
    assert button(app, "Train").disabled
    toggle = next(one for one in app.toggle if one.label.startswith("Leave out labels"))
    app = checked(toggle.set_value(True).run())
    assert "at least 2 are needed" not in messages(app)
    assert not button(app, "Train").disabled


def test_a_wrong_reading_can_be_corrected():
    app = opened(data="Messy messages")
    app = checked(labelled(app, "Delimiter").set_value("comma").run())
    assert "commas" in captions(app)
    app = checked(labelled(app, "Encoding").set_value("utf-8").run())
    assert "is not utf-8" in messages(app)
    app.segmented_control(key="data").set_value(next(iter(SAMPLES)))
    app = checked(app.run())
    assert labelled(app, "Encoding").value == "found out"  # another table
    assert "240 rows" in captions(app)


def test_without_a_table_it_asks_for_one():
    assert "Choose a file: CSV, TSV" in messages(opened(data="My table"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b" ", "is empty"),
        ("a.csv", b"%PDF-1.7", "is a PDF"),
        ("a.zip", b"PK\x03\x04 broken", "damaged"),
        ("a.csv", b"just one column\nof texts\nand nothing else\n", "single column"),
        ("a.csv", b"text,label\nfine,a\nbad,a\n", "needs at least two classes"),
        ("a.csv", b"day,hours\n1,2.5\n2,4.5\n3,2.5\n4,2.5\n", "Not found: no column holds words"),
    ],
)
def test_unusable_tables_are_one_sentence(name: str, content: bytes, message: str):
    app = uploaded(name, content)
    assert message in messages(app) + captions(app)
    assert not any(button.label == "Train and compare" and not button.disabled for button in app.button)


def test_a_file_that_is_too_large(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("elmo_core.text.unpacking.MAX_BYTES", 1 << 20)
    assert "may have up to 1 MB" in messages(uploaded("a.csv", b"text,label\n" * 100_000))


def test_the_table_stays_when_the_page_is_left():
    app = uploaded(*small_table())
    app.switch_page("senses/page.py").run()
    app.switch_page("classify/page.py").run()
    checked(app.segmented_control(key="data").set_value("My table").run())
    assert "60 texts to use, 2 labels" in " ".join(one.value for one in app.markdown)
    app = checked(button(app, "Remove").click().run())
    assert "Choose a file" in messages(app)


def test_columns_are_guessed_with_reasons(after_training: AppTest):
    assert "it is named 'comment' and holds" in captions(after_training)
    assert "it holds 2 different values in 60 rows" in captions(after_training)


def test_the_comparison_has_a_verdict_and_one_row_for_each_method(after_training: AppTest):
    table = scores(after_training)
    assert list(table["method"]) == ["majority class", "TF-IDF + LR", LEARNED, LEARNED_WORDS, PRODUCT]
    assert table["macro-F1"].between(0, 100).all()
    assert "TF-IDF" in messages(after_training)
    assert "Tested on 12 texts" in captions(after_training)  # a fifth, whatever is near what
    added = next(one.value for one in after_training.dataframe if "experts" in one.value.columns)
    assert list(added["experts"])[::3] == ["words", "+ the model's layers"]
    assert any("What each part added" in one.value for one in after_training.markdown)


def test_mistakes_and_a_cell_of_the_matrix(after_training: AppTest):
    app = show(after_training, "Mistakes", LEARNED)
    job = job_of(app, "classify")
    result = next(one for one in job.parts if isinstance(one, TextResult) and one.method == LEARNED)
    chart = next(one for one in app.get("plotly_chart") if "Confusion" in one.proto.alt)
    n_right = int((result.gold == result.predicted).sum())
    assert chart.proto.alt == f"Confusion matrix of 2 labels: {n_right} of 12 texts right"
    cell = 1 * 2 + 1  # labelled good, predicted good
    app.session_state["classify_confusion"] = PlotlyState(
        {"selection": {"points": [{"customdata": cell}], "point_indices": [0], "box": [], "lasso": []}}
    )
    app = checked(app.run())
    n = int(((result.gold == 1) & (result.predicted == 1)).sum())
    assert f"**{n} labelled good, predicted good**" in [one.value for one in app.markdown]
    opened_rows = app.dataframe[-1].value
    assert len(opened_rows) == n
    assert set(opened_rows["labelled"]) <= {"good"}


@pytest.mark.parametrize(
    ("view", "alt", "said"),
    [
        ("Map", "Map of 12 tested texts", "12 of 12 tested texts"),
        ("Deciding words", "What each word adds", "is left out"),
        ("Label errors", "", "Confident learning"),
        ("More data?", "data", "always on the same 12 test texts"),
        ("Probabilities", "Accuracy over confidence", "temperature is"),
        ("Layers", "Weight of each layer", "before learning all are the same"),
    ],
)
def test_every_view_inside(after_training: AppTest, view: str, alt: str, said: str):
    app = show(after_training, view)
    assert any(alt in one.proto.alt for one in app.get("plotly_chart"))
    assert said in captions(app)


def test_a_baseline_has_no_layers(after_training: AppTest):
    app = show(after_training, "Layers", "TF-IDF + LR")
    assert "uses no layers" in messages(app)
    assert "This method has no classifier to inspect" in messages(
        show(after_training, "Deciding words", "majority class")
    )


def test_typing_moves_the_prediction(after_training: AppTest):
    app = after_training
    alts = []
    for text in ("rude and cold and dull", "fine and lovely and warm"):
        app.text_input(key="classify_typed").set_value(text)
        app = checked(app.run())
        alts += [one.proto.alt for one in app.get("plotly_chart") if one.proto.alt.startswith("Predicted")]
    assert len(alts) == 2
    assert alts[0] != alts[1]
    app.text_input(key="classify_typed").set_value(" ")
    assert "Type some words" in messages(checked(app.run()))
    app.text_input(key="classify_typed").set_value("fine")
    app.toggle(key="classify_typed_effects").set_value(True)
    assert "is left out" in captions(checked(app.run()))


def test_a_second_table_is_predicted_as_a_job(after_training: AppTest):
    app = after_training
    content = b"comment,more\n=1+1 is fine and lovely,x\n,y\ncold and rude,z\n"
    checked(app.file_uploader(key="classify_new_file").upload("new.csv", content, "text/csv").run())
    checked(app.button(key="classify_new_start").click().run())
    app = finished(app, "classify_new")
    assert "Predicted 3 rows" in messages(app)
    assert "1 without text" in messages(app)
    header, found, counts = job_of(app, "classify_new").result
    for start, for_spreadsheet in (("'=1+1", True), ("=1+1", False)):
        content = to_csv(header, found, for_spreadsheet=for_spreadsheet)
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        assert sum(counts.values()) == len(rows) == 3
        assert [row["comment"] for row in rows] == [f"{start} is fine and lovely", "", "cold and rude"]
        assert (rows[1]["predicted"], rows[2]["line"]) == ("", "4")
    labels = [button.label for button in app.get("download_button")]
    assert {"Predictions (CSV)", "Predictions for Excel (CSV)"} <= set(labels)


def test_a_downloaded_classifier_loads_again_and_others_are_refused(after_training: AppTest):
    app = after_training
    job = job_of(app, "classify")
    found = next(one for one in job.parts if not isinstance(one, TextResult))
    files = lab_cache.classifier_files(found.classifier, facts={"method": "mine", "data": "d.csv"})
    content = zip_bytes(files)
    assert {"classifier.json", "head.safetensors", "predict.py", "README.md"} <= set(files)
    checked(app.file_uploader(key="classify_saved").upload("saved.zip", content, "application/zip").run())
    assert "In use: saved.zip, mine, trained on d.csv" in captions(app)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("classifier.json", files["classifier.json"].replace(b'"sha256": "', b'"sha256": "0'))
        file.writestr("head.safetensors", files["head.safetensors"])
    checked(
        app.file_uploader(key="classify_saved").upload("b.zip", buffer.getvalue(), "application/zip").run()
    )
    assert "is not the biLM this classifier was trained on" in messages(app)


def test_results_stay_when_the_page_is_left_and_go_with_the_data():
    app = trained(uploaded(*small_table(40)), LEARNED)
    app.switch_page("senses/page.py").run()
    app.switch_page("classify/page.py").run()
    checked(app.segmented_control(key="data").set_value("My table").run())
    assert LEARNED in list(scores(app)["method"])
    app.toggle(key="balanced").set_value(True)
    assert "settings before you changed them" in captions(checked(app.run()))
    app = checked(app.segmented_control(key="data").set_value("Topics").run())
    assert list(scores(app)["method"]) == ["majority class", "TF-IDF + LR"]


def test_a_reload_keeps_the_table_and_what_was_trained_on_it(after_training: AppTest):
    again = opened(job=after_training.query_params["job"], data="My table")
    assert "Still here: mine.csv" in [element.value for element in again.text]
    assert LEARNED in list(scores(again)["method"])
    again = checked(again.button(key="classify_file_remove").click().run())
    assert "Choose a file" in messages(again)


def test_a_run_can_be_cancelled():
    app = opened()
    checked(button(app, "Train").click().run())
    job = job_of(app, "classify")
    button(app, "Cancel").click().run()
    assert wait_until_over(job).state == "cancelled"
    assert "was cancelled" in messages(checked(app.run()))


def test_a_large_table_is_read_and_looked_through_as_jobs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(upload, "_BYTES_PER_S", 100)
    app = uploaded(*small_table())
    app = finished(app, "classify_table")
    app = finished(app, "classify_dataset")
    assert "texts to use, 2 labels" in " ".join(one.value for one in app.markdown)
    assert not button(app, "Train").disabled


def test_labels_of_users_are_no_markup():
    content = small_table()[1]
    app = uploaded("<b>.csv", content.replace(b"good", b"<b>![](http://x/y.png)"))
    assert "<b>\\!" not in captions(app)
    app = trained(app, LEARNED)
    text = " ".join(one.value for one in app.markdown)
    assert "![](" not in text


def test_texts_of_rows_are_complete(after_training: AppTest):
    job = job_of(after_training, "classify")
    result = next(one for one in job.parts if isinstance(one, TextResult))
    file = sample_file("Reviews")
    assert file.is_sample

    from pages.classify.dataset import ChosenDataset

    options = lab_cache.ReadingOptions()
    table = reading.read_table(small_table()[1], "mine.csv")
    data = lab_cache.prepare(table, "comment", "verdict")
    chosen = ChosenDataset("k", data, ("comment", "verdict"), file, tuple(table.lines))
    frame = texts_of(chosen, result, result.rows.tolist())
    assert list(frame.columns) == ["text", "labelled", "predicted", "p", "line"]
    assert frame["p"].is_monotonic_decreasing
    assert texts_of(chosen, result, []).empty
    assert options == lab_cache.ReadingOptions()


def test_two_trainings_leave_the_page_of_a_third_alive():
    """Both workers are busy with comparisons; the page of another session answers before they are done."""
    apps = [opened(data="Topics", limit="15 min") for _ in range(2)]
    for app in apps:
        checked(button(app, "Train").click().run())
    running = [job_of(app, "classify") for app in apps]
    end = time.monotonic() + PATIENCE_S
    while not all(job.share > 0.01 for job in running) and time.monotonic() < end:
        time.sleep(0.02)
    assert [job.state for job in running] == ["running", "running"]
    third = opened()
    checked(third.segmented_control(key="data").set_value("Topics").run())
    assert [job.state for job in running] == ["running", "running"]
    waiting = opened(limit="15 s")
    checked(button(waiting, "Train").click().run())
    job = job_of(waiting, "classify")
    assert (job.state, jobs._queue.n_before(job)) == ("waiting", 2)
    for one in (*running, job):
        one.cancel()
    for one in running:
        wait_until_over(one)


def test_a_served_app_refuses_a_comparison_of_hours(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ELMO_LOCAL_FILES", "off")
    monkeypatch.setattr(permissions, "MOST_SECONDS", 1)
    app = opened()
    assert "this server takes no work of more than" in messages(app)
    assert button(app, "Train and compare").disabled
