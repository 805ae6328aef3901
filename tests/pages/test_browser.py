"""The app in a real browser: a running server, lasso and ticks, downloads, addresses, dark and narrow."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.pages.gestures import PATIENCE_S, lasso, settle, tick_row

MAP = ".st-key-senses_map .js-plotly-plot"
TABLE = ".st-key-senses_table"
FULL_MAP = f"document.querySelectorAll('{MAP} .point').length >= 46"  # and the sentence
SELECTED = f"""() => document.querySelector('{MAP}').data
    .filter((trace) => trace.customdata)  // the star of a typed sentence is no use
    .flatMap((trace) => (trace.selectedpoints || []).map((point) => trace.customdata[point]))"""

PLACES = f"""() => document.querySelector('{MAP}').data
    .filter((trace) => trace.customdata).map((trace) => [trace.name, Array.from(trace.x)])"""

pytestmark = pytest.mark.browser


@pytest.fixture
def visit_map(visit: Callable[..., Page]) -> Callable[..., Page]:
    """Open the page and wait for its map; the first UMAP of a process compiles for a while."""

    def open_map(path: str = "/", **screen: BrowserContext) -> Page:
        page = visit(path, **screen)
        page.wait_for_function(FULL_MAP, timeout=1000 * PATIENCE_S)
        settle(page)
        return page

    return open_map


def test_a_link_opened_in_another_session_shows_the_same_view(
    visit_map: Callable[..., Page], visit: Callable[..., Page], browser: Browser
):
    page = visit_map("/senses?word=crane&projection=PCA")
    expect(page.get_by_label("Word", exact=True)).to_have_value("crane")
    expect(page.get_by_text("bird (23)")).to_be_visible()
    page.get_by_text("Layer 2", exact=True).first.click()
    expect(page.get_by_text("all layers share this plane")).to_be_visible()
    page.get_by_label("Type your own sentence with crane").fill("The crane lifted a beam.")
    page.keyboard.press("Enter")
    expect(page.get_by_text("your sentence")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Link").click()
    link = page.get_by_test_id("stPopoverBody").locator("code").first.inner_text()
    assert "word=crane" in link
    assert "layer=Layer+2" in link
    other = visit(f"/?{link.partition('?')[2]}", screen=browser.new_context())
    expect(other.get_by_text("your sentence")).to_be_visible()
    expect(other.get_by_label("Type your own sentence with crane")).to_have_value("The crane lifted a beam.")
    drawn = [tab.evaluate(PLACES) for tab in (page, other)]
    assert drawn[0] == drawn[1]


def test_map_and_table_show_one_selection(visit_map: Callable[..., Page]):
    page = visit_map("/?projection=PCA")
    lasso(page.locator(MAP))
    expect(page.get_by_text("of 46 uses selected")).to_be_visible()
    settle(page)
    lassoed = page.evaluate(SELECTED)
    assert 0 < len(lassoed) < 46
    expect(page.get_by_text(f"{len(lassoed)} of 46 uses selected")).to_be_visible()
    ticked = page.locator(f"{TABLE} [role=row][aria-selected=true]")
    assert ticked.count() == min(len(lassoed), page.locator(f"{TABLE} [role=row]").count() - 1)

    tick_row(page.locator(TABLE), 0)
    expect(page.get_by_text(f"{len(lassoed) - 1} of 46 uses selected")).to_be_visible()
    settle(page)
    assert set(page.evaluate(SELECTED)) == set(lassoed) - {min(lassoed)}

    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("Lasso or click dots in the map")).to_be_visible()
    settle(page)
    expect(ticked).to_have_count(0)
    tick_row(page.locator(TABLE), 2)
    expect(page.get_by_text("1 of 46 uses selected")).to_be_visible()
    expect(page.get_by_text("true neighbours", exact=True)).to_be_visible()
    settle(page)
    assert len(page.evaluate(SELECTED)) == 1

    page.get_by_text("Layer 2", exact=True).first.click()
    expect(page.get_by_text("all layers share this plane")).to_be_visible()
    settle(page)
    assert len(page.evaluate(SELECTED)) == 1
    assert "layer=Layer+2" in page.url

    page.get_by_text("Right context", exact=True).click()
    settle(page)
    assert len(page.evaluate(SELECTED)) == 1


def test_a_sentence_that_is_typed_lands_on_the_map(visit_map: Callable[..., Page]):
    page = visit_map("/?projection=PCA&part=What+if&groups=2")
    before = page.evaluate(PLACES)
    page.get_by_role("button", name="Edit the first use").click()
    expect(page.get_by_text("your sentence")).to_be_visible()
    expect(page.get_by_text("Words that decide most")).to_be_visible()
    settle(page)
    assert page.evaluate(PLACES)[: len(before)] == before


def test_downloads(visit_map: Callable[..., Page], tmp_path: Path):
    page = visit_map("/?word=bat&groups=2&projection=PCA")
    with page.expect_download() as table:
        page.get_by_role("button", name="CSV").click()
    assert table.value.suggested_filename == "bat-context.csv"
    with Path(table.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 46
    assert {row["word"].lower() for row in rows} == {"bat"}
    assert {row["group"] for row in rows} == {"1", "2"}
    with page.expect_download() as figure:
        page.get_by_role("button", name="Map (HTML)").click()
    assert "46" in Path(figure.value.path()).read_text(encoding="utf-8")
    with page.expect_download() as groups:
        page.get_by_role("button", name="Groups (JSON)").click()
    saved = tmp_path / "groups.json"
    groups.value.save_as(saved)
    page.get_by_role("button", name="Options").click()
    page.get_by_test_id("stPopoverBody").get_by_test_id("stFileUploaderDropzoneInput").set_input_files(saved)
    expect(page.get_by_text("The groups shown are those of the loaded file")).to_be_visible()


def test_words_of_users_are_text(visit_map: Callable[..., Page], tmp_path: Path):
    hostile = '<img src=x onerror="document.title=1"> ![](https://example.org/x.png) bank **b** :red[r]'
    file = tmp_path / "hostile.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(
            [("text", "label"), *((f"{'so ' * row}{hostile}", f"<b>s{row % 2}</b>") for row in range(8))]
        )
    page = visit_map("/?projection=PCA")
    page.get_by_role("button", name="Use my text").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file)
    page.get_by_label("Word", exact=True).fill("bank")
    page.keyboard.press("Enter")
    expect(page.get_by_text("<b>s0</b> (4)")).to_be_visible()
    lasso(page.locator(MAP), right=1.0)
    expect(page.get_by_text("of 8 uses selected")).to_be_visible()
    assert page.title() == "Word senses · ELMo Explorer"
    assert page.locator("img[src='x']").count() == 0


def test_umap_in_the_dark_on_a_narrow_screen(visit_map: Callable[..., Page], browser: Browser):
    narrow = browser.new_context(color_scheme="dark", viewport={"width": 420, "height": 900})
    page = visit_map("/?projection=UMAP", screen=narrow)
    expect(page.get_by_text("UMAP keeps neighbours together")).to_be_visible(timeout=1000 * PATIENCE_S)
    colour = page.get_by_test_id("stApp").evaluate("(element) => getComputedStyle(element).backgroundColor")
    assert max(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")) < 60
    assert page.evaluate("document.documentElement.scrollWidth") <= 420


def test_a_projector_shows_map_headline_and_field_at_once(visit_map: Callable[..., Page], browser: Browser):
    screen = browser.new_context(viewport={"width": 1280, "height": 720})
    page = visit_map("/?projection=PCA&word=bank", screen=screen)
    answer = page.get_by_text("% sure")
    for part in (page.get_by_text("Senses "), page.locator(MAP), answer):
        box = part.first.bounding_box()
        assert box is not None and box["y"] >= 0 and box["y"] + box["height"] <= 720
        assert box["x"] + box["width"] <= 1280


def test_a_phone_shows_the_card_first(visit_map: Callable[..., Page], browser: Browser):
    page = visit_map(
        "/?projection=PCA&word=bank", screen=browser.new_context(viewport={"width": 390, "height": 844})
    )
    card, drawn = page.get_by_text("Without labels").bounding_box(), page.locator(MAP).bounding_box()
    assert card is not None and drawn is not None
    assert card["y"] + card["height"] < min(844, drawn["y"])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("path", ["/static?term=bank", "/maps?maps_method=PCA"])
def test_a_phone_shows_the_finding_before_controls_and_the_dark_is_as_easy_to_read(
    visit: Callable[..., Page], browser: Browser, path: str
):
    phone = browser.new_context(color_scheme="dark", viewport={"width": 390, "height": 844})
    page = visit(path, screen=phone)
    finding = page.locator("h3").first
    expect(finding).to_be_visible()
    settle(page)
    title, found = page.locator("h1").bounding_box(), finding.bounding_box()
    controls = page.get_by_role("button", name="Options").bounding_box()
    assert title is not None and found is not None and controls is not None
    assert title["y"] < found["y"] < 844 and found["y"] < controls["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_projector_shows_both_sentences_of_the_contrast(visit: Callable[..., Page], browser: Browser):
    page = visit("/static?term=bank", screen=browser.new_context(viewport={"width": 1280, "height": 720}))
    field = page.get_by_label("Another one")
    expect(field).to_be_visible()
    settle(page)
    box = field.bounding_box()
    assert box is not None and box["y"] + box["height"] <= 720


@pytest.mark.parametrize("path", ["/models", "/read", "/lessons", "/entities", "/train"])
def test_the_dark_is_easy_to_read(visit: Callable[..., Page], browser: Browser, path: str):
    visit(path, screen=browser.new_context(color_scheme="dark"))  # `visit` measures every page it opens
