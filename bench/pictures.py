"""Pictures of all pages for the documents, in both themes, on a projector and on a phone.

    python -m bench.pictures                      # all, into docs/pictures/ (`make pictures`)
    python -m bench.pictures --pages maps read    # of these pages alone
    ELMO_MODEL=all-minilm python -m bench.pictures --into build/pictures    # with another model

Needs the test tools and a Chromium (`chromium` on the PATH, or CHROMIUM). Each picture is what the page opens
on, taken once the page has come to rest.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import BrowserContext

from bench.app import open_browser, served_app
from bench.reporting import arguments

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
PAGES = ("senses", "static", "layers", "maps", "read", "lessons", "classify", "entities", "train", "models")
SCREENS = {"wide": (1280, 720), "narrow": (390, 844)}
THEMES = ("light", "dark")
_WIDTH = {"wide": 900, "narrow": 390}
"""Of the pictures, in pixels: with this quality each takes about 15 kB."""
_QUALITY = 50
_PATIENCE_MS = 240_000
_LOOK_MS, _LOOKS_AT_REST = 800, 3


def main() -> None:
    """Take the pictures, and print their sizes."""
    parser = arguments(__doc__)
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=PAGES)
    parser.add_argument("--into", type=Path, default=FOLDER, help="folder that the pictures are put into")
    asked = parser.parse_args()
    asked.into.mkdir(parents=True, exist_ok=True)
    with served_app() as (address, _), open_browser() as browser:
        for screen, (width, height) in SCREENS.items():
            for theme in THEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if theme == "dark" else "light",
                )
                for name in asked.pages:
                    path = asked.into / f"{name}-{screen}-{theme}.webp"
                    path.write_bytes(_packed(_picture(context, f"{address}/{name}"), _WIDTH[screen]))
                    sys.stdout.write(f"{path.name:28} {path.stat().st_size / 1000:5.1f} kB\n")
                    sys.stdout.flush()
                context.close()
    total = sum(path.stat().st_size for path in asked.into.glob("*.webp"))
    sys.stdout.write(f"{total / 1000:.0f} kB in all\n")


def _picture(context: BrowserContext, address: str) -> bytes:
    """Open a page, wait until nothing on it has changed for a while, and return it as a PNG."""
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    page.goto(address)
    page.locator("h1").first.wait_for()
    before, now, at_rest = b"", b"", 0
    while at_rest < _LOOKS_AT_REST:
        page.wait_for_timeout(_LOOK_MS)
        before, now = now, page.screenshot(animations="disabled")
        is_idle = page.get_by_test_id("stApp").get_attribute("data-test-script-state") == "notRunning"
        at_rest = at_rest + 1 if is_idle and now == before else 0
    page.close()
    return now


def _packed(picture: bytes, width: int) -> bytes:
    """Return a PNG as a small WebP."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    if image.width > width:
        image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=_QUALITY, method=6)
    return stream.getvalue()


if __name__ == "__main__":
    main()
