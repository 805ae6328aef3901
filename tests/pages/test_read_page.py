"""The page Read on the small random model."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from pages.read.texts import EXAMPLES, LONGER, MOST_CHARACTERS
from tests.pages.driver import alt, captions, chart, checked, messages, open_page, texts, wait_until
from tests.pages.gestures import settle


def coloured(app: AppTest) -> str:
    """All coloured texts."""
    return "".join(element.proto.body for element in app.get("html"))


def cell(app: AppTest) -> str:
    return next(code.value for code in app.code if "load_elmo" in code.value)


@pytest.fixture(scope="module")
def opened() -> AppTest:
    return open_page("read")


def test_it_opens_on_two_sentences_that_differ_in_a_word(opened):
    assert opened.text_input(key="text").value == EXAMPLES[0].first
    assert opened.text_input(key="beside").value == EXAMPLES[0].second
    assert ">sea</bdi>" in coloured(opened) and ">soup</bdi>" in coloured(opened)
    assert "Which word is odd, and what was expected instead?" in texts(opened)
    assert "of 90 sentences of the bundled samples" in captions(opened)  # what percentiles are among
    assert "sea / soup" in chart(opened)["layout"]["xaxis"]["ticktext"] and alt(opened)
    table = opened.dataframe[0].value
    assert list(table) == ["word", "first text", "second text", "difference"] and len(table) == 9
    sizes = table["difference"].abs().dropna()
    assert 0 < len(sizes) < 9 and sizes.is_monotonic_decreasing  # unknown words have no difference
    assert f"differ most at **{table['word'][0]}**" in texts(opened)


def test_typing_reads_again_and_the_link_holds_it():
    app = open_page("read", text="the river was long", beside="")
    assert coloured(app).count('class="surprise"') == 1 and "Most surprising: **" in texts(app)
    before = coloured(app)
    checked(app.text_input(key="text").set_value("the river was the").run())
    assert coloured(app) != before and "<bdi>long</bdi></span>" not in coloured(app)
    linked = open_page("read", text="the river was the", **{"beside": "", "from": "Left"})
    assert "From the left, the model expected" in texts(linked) and coloured(linked) != coloured(app)
    checked(app.segmented_control(key="from").set_value("Left").run())
    assert coloured(linked) == coloured(app)


def test_examples_are_one_click_away_and_the_failure_is_said():
    app = open_page("read")
    checked(app.button(key=f"read_example_{len(EXAMPLES) - 1}").click().run())
    assert app.text_input(key="text").value == EXAMPLES[-1].first and ">bicycle</bdi>" in coloured(app)
    checked(app.segmented_control(key="read_part").set_value("Perplexity").run())
    table = app.dataframe[0].value
    assert list(table["text"])[:2] == ["first text", "second text"] and len(table) == 5
    checked(app.segmented_control(key="read_part").set_value("Table of words").run())
    assert set(app.dataframe[0].value["text"]) == {"first text", "second text"}


def test_empty_unknown_right_to_left_and_hostile_texts():
    app = open_page("read")
    checked(app.text_input(key="text").set_value(" ").run())
    checked(app.text_input(key="beside").set_value("").run())
    assert "Type a sentence" in messages(app) and "surprise" not in coloured(app)
    checked(app.text_input(key="text").set_value("ספינה הפליגה לאמריקה.").run())
    assert 'dir="rtl"' in coloured(app) and "outside the model's vocabulary" in messages(app)
    checked(app.text_input(key="text").set_value('<script>x</script> **b** ![i](http://x "t")').run())
    assert "<script" not in coloured(app) and "http" not in texts(app).split("expected")[0]
    checked(
        app.text_input(key="text").set_value("\u4e00\u4e8c \u0645\u0631\u062d\u0628\u0627 \U0001f600").run()
    )
    assert coloured(app).count("<small>") >= 3


def test_a_longer_text_is_read_in_parts():
    app = open_page("read", what=LONGER)
    assert "Paste a text or choose a file" in messages(app)
    text = "\n".join(f"The river was long in {year} ." for year in range(1900, 1960))
    app.text_area(key="read_pasted").set_value(text)
    checked(app.button(key="read_paste").click().run())
    wait_until(lambda page: page.get("html"), app)
    assert coloured(app).count('class="surprise"') == 40  # the first part of two
    checked(app.number_input(key="read_part_number").set_value(2).run())
    assert coloured(app).count('class="surprise"') == 20 and "1959" in coloured(app)
    checked(app.segmented_control(key="order").set_value("The most surprising first").run())
    assert len(app.dataframe[0].value) == 60  # perplexity of each sentence
    assert len(text) < MOST_CHARACTERS
    assert 'texts = ["\\n".join(text.sentences)]' in cell(app)


def test_the_python_cell_runs(opened):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(cell(opened), {})
    lines = printed.getvalue().splitlines()
    assert len(lines) == 3 + 9 + 9 + 9 and "'soup'" in printed.getvalue()


def test_a_model_without_softmax_is_one_sentence(fixtures_dir, monkeypatch):
    monkeypatch.setenv("ELMO_MODEL", str(fixtures_dir / "allennlp"))
    app = open_page("read")
    assert "it has no softmax" in messages(app) and "surprise" not in coloured(app)


@pytest.mark.browser
def test_reading_while_one_types(visit: Callable[..., Page]):
    page = visit("/read")
    words = page.locator(".surprise .w")
    expect(words.filter(has_text="soup")).to_have_count(1)
    words.filter(has_text="soup").focus()
    expect(page.locator(".surprise .tip:visible")).to_contain_text("From both sides")
    field = page.get_by_role("textbox", name="Compare with (may be empty)")
    field.press("End")
    field.press_sequentially(" The river was wide.")  # no Enter: it is read after a pause
    expect(words.filter(has_text="river")).to_have_count(1)
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
