"""Does a server that people use for an hour keep its memory, descriptors, threads and temporary files?

    python -m bench.soak [--minutes 60] [--sessions 6] [--jobs 1] [--think 10] [--round 5]

Visitors as in `bench.load` come for a round of some minutes and go again, new ones each round; some of them
train. Every 15 seconds the server's process is looked at. Printed is what it holds after the first third and
at the end, with the errors that visitors saw; the course goes into docs/pictures/soak.webp. What belongs to a
session is given back two minutes after it, so the last look is three minutes after the last round.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from plotly.subplots import make_subplots

from bench.app import open_browser, served_app
from bench.load import Measured, measure
from bench.memory import tree_mb
from bench.pictures import FOLDER
from bench.reporting import arguments, progress, table

LOOK_S, QUIET_S = 15.0, 180.0
KINDS = ("memory, MB", "open descriptors", "threads", "temporary files")
_WIDTH, _HEIGHT, _QUALITY = 900, 420, 60


@dataclass(frozen=True)
class Look:
    """What the server's process held at one moment."""

    minute: float
    held: tuple[float, ...]
    """Amounts of `KINDS`."""


def look_at(process: int, temporary: Path, minute: float) -> Look:
    """Count what a process holds now (Linux)."""
    folder = Path("/proc", str(process))
    n_descriptors, n_threads = (len(os.listdir(folder / name)) for name in ("fd", "task"))
    n_files = sum(path.is_file() for path in temporary.rglob("*"))
    return Look(minute, (tree_mb(process), n_descriptors, n_threads, n_files))


def soak(
    minutes: float, n_sessions: int, n_jobs: int, think_s: float, round_minutes: float
) -> tuple[list[Look], float, Measured]:
    """Use a server round by round; returns all looks, the minute at which use ended, and what was seen."""
    looks: list[Look] = []
    seen, is_over = Measured(), threading.Event()
    with TemporaryDirectory() as temporary, served_app({"TMPDIR": temporary}) as (address, process):
        started = time.monotonic()

        def watch() -> None:
            while not is_over.wait(LOOK_S):
                looks.append(look_at(process, Path(temporary), (time.monotonic() - started) / 60))

        watcher = threading.Thread(target=watch)
        watcher.start()
        while (time.monotonic() - started) / 60 < minutes:
            found = measure(address, n_sessions, n_jobs, round_minutes, think_s)
            seen.errors += found.errors
            for kind, seconds in found.seconds.items():
                seen.seconds[kind] += seconds
            progress(f"{(time.monotonic() - started) / 60:.0f} of {minutes:g} minutes")
        end = (time.monotonic() - started) / 60
        time.sleep(QUIET_S)
        is_over.set()
        watcher.join()
    return looks, end, seen


def draw(looks: list[Look], path: Path) -> None:
    """Draw the course of all four amounts."""
    figure = make_subplots(2, 2, subplot_titles=KINDS)
    for number in range(len(KINDS)):
        figure.add_scatter(
            x=[look.minute for look in looks],
            y=[look.held[number] for look in looks],
            row=1 + number // 2,
            col=1 + number % 2,
            mode="lines",
            line={"color": "#0a5c70"},
            showlegend=False,
        )
    figure.update_xaxes(title="minutes", row=2)
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(width=_WIDTH, height=_HEIGHT, margin={"l": 50, "r": 20, "t": 30, "b": 40})
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
        drawn = figure.to_html(include_plotlyjs=True, full_html=False, config={"staticPlot": True})
        page.set_content(f'<body style="margin: 0">{drawn}</body>')
        page.wait_for_selector(".main-svg")
        picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").save(path, "webp", quality=_QUALITY)


def main() -> None:
    """Soak a server, print what it holds, and draw the course."""
    parser = arguments(__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--sessions", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--think", type=float, default=10.0, help="mean seconds between two pages")
    parser.add_argument("--round", type=float, default=5.0, help="minutes that a visitor stays")
    asked = parser.parse_args()
    looks, end, seen = soak(asked.minutes, asked.sessions, asked.jobs, asked.think, asked.round)
    while_used = [look for look in looks if end / 3 <= look.minute <= end]
    minutes = np.array([look.minute for look in while_used])
    rows = []
    for number, kind in enumerate(KINDS):
        held = np.array([look.held[number] for look in while_used])
        slope = 60 * np.polyfit(minutes, held, 1)[0]
        rows.append(
            (kind, f"{held[0]:,.0f}", f"{held[-1]:,.0f}", f"{slope:+,.1f}", f"{looks[-1].held[number]:,.0f}")
        )
    columns = ("held", "after a third", "at the end of use", "slope by the hour", "after the last visitor")
    n_runs = sum(map(len, seen.seconds.values()))
    errors = (
        ", ".join(f"{seen.errors.count(one)} x {one}" for one in dict.fromkeys(seen.errors)) or "no error"
    )
    sys.stdout.write(f"{table(columns, rows)}\n\n{n_runs:,} runs of pages and trainings; {errors}\n")
    draw(looks, FOLDER / "soak.webp")


if __name__ == "__main__":
    main()
