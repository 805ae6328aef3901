"""Seconds of mixtures and maps: the triangle, a slider's picture, UMAP of many vectors.

    python -m bench.mixture_speed                          all tables, as Markdown
    python -m bench.mixture_speed --parts triangle slider
    python -m bench.mixture_speed --parts umap --sizes 5000 20000 50000

Vectors are random and in groups, so that nothing depends on a model. Times are processor time of one thread.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch

from bench.memory import peak_mb
from bench.reporting import arguments, table
from elmo_core.geometry.projection import MapSettings
from elmo_core.geometry.shared_frame import shared_frame
from elmo_core.layers.gram_matrices import layer_grams
from elmo_core.layers.labelled import Labelled, label_vectors
from elmo_core.layers.mixture import mixture_grid
from elmo_core.layers.scores import SCORES, score_mixtures, with_mixtures
from elmo_core.maps.points import given_points
from elmo_core.maps.text_map import map_points
from elmo_core.plots.mixtures import plot_mixed

WIDTH = 512


def grouped(n: int, width: int, n_layers: int = 3) -> Labelled:
    """Draw n vectors of three labels."""
    generator = np.random.default_rng(0)
    codes = generator.integers(3, size=n)
    centres = generator.standard_normal((n_layers, 3, width))
    layers = generator.standard_normal((n_layers, n, width), dtype=np.float32)
    layers += (0.2 * centres[:, codes]).astype(np.float32)
    return label_vectors(layers, [str(code) for code in codes])


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Return the processor time of the calling thread, the least of several runs."""
    taken = []
    for _ in range(repeats):
        start = time.thread_time()
        work()
        taken.append(time.thread_time() - start)
    return min(taken)


def triangle(sizes: Sequence[int]) -> str:
    """Time the Gram matrices once, then 66 mixtures by every score with its null."""
    columns = (f"66 mixtures: {name}" for name in SCORES)
    return table(["uses", "six Gram matrices", *columns], [_triangle_row(n) for n in sizes])


def _triangle_row(n: int) -> list[str]:
    data = grouped(n, WIDTH)
    grams, grid = layer_grams(data.layers), mixture_grid(3)
    row = [f"{n:,}", f"{seconds(lambda: layer_grams(data.layers), 2):.2f} s"]
    for score in SCORES:
        taken = seconds(partial(score_mixtures, data, grid, score, grams=grams), 2)
        row.append(f"{taken:.2f} s")
    return row


def slider(sizes: Sequence[int]) -> str:
    """Time the server's work after a slider has moved: scores of the mixture, its figure as JSON."""
    return table(["uses", "score of the mixture", "figure", "together"], [_slider_row(n) for n in sizes])


def _slider_row(n: int) -> list[str]:
    data = grouped(n, WIDTH)
    grams, frame = layer_grams(data.layers), shared_frame(data.layers, 3)
    scores = score_mixtures(data, mixture_grid(3), "separation", grams=grams)
    weights = np.array([[1 / 3] * 3, [0.2, 0.3, 0.5]])

    def picture() -> str:
        placed = np.tensordot(weights[1].astype(np.float32), frame.coordinates, axes=1)
        return str(plot_mixed(placed, data.labels, data.contexts, frame.extent).to_json())

    score = seconds(lambda: with_mixtures(scores, data, grams, weights))
    drawn = seconds(picture)
    return [f"{n:,}", *(f"{1000 * taken:.0f} ms" for taken in (score, drawn, score + drawn))]


def umap(sizes: Sequence[int], width: int = 256) -> str:
    """Draw one map of each size, each in a process of its own, so that peak memory is its own."""
    rows = []
    for n in sizes:
        command = [sys.executable, "-m", "bench.mixture_speed", "--one-map", str(n), str(width)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        rows.append(printed.strip().split("|"))
    times = "loading UMAP, once a process", "map, processor", "map, clock"
    return table(["vectors", *times, "peak memory", "trustworthiness"], rows)


def one_map(n: int, width: int) -> None:
    """Print one row of the table of `umap`."""
    small = given_points(grouped(300, width).layers[0], [""] * 300, {}, most=300)
    compiled = time.process_time()
    map_points(small, MapSettings("umap"))
    compiled = time.process_time() - compiled
    points = given_points(grouped(n, width).layers[0], [""] * n, {}, most=n)
    start, clock = time.process_time(), time.perf_counter()
    found = map_points(points, MapSettings("umap"))
    taken, passed = time.process_time() - start, time.perf_counter() - clock
    kept = found.faithful[0].trustworthiness
    cells = (
        f"{n:,}",
        f"{compiled:.0f} s",
        f"{taken:.0f} s",
        f"{passed:.0f} s",
        f"{peak_mb():,.0f} MB",
        f"{kept:.2f}",
    )
    sys.stdout.write("|".join(cells) + "\n")


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--parts", nargs="+", default=["triangle", "slider", "umap"])
    parser.add_argument("--sizes", nargs="+", type=int)
    parser.add_argument("--one-map", nargs=2, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.one_map:
        one_map(*options.one_map)
        return
    parts = {
        "triangle": (triangle, (100, 1000, 5000)),
        "slider": (slider, (100, 1000, 5000)),
        "umap": (umap, (5000, 20_000, 50_000)),
    }
    for name in options.parts:
        work, sizes = parts[name]
        sys.stdout.write(f"\n### {name}\n\n{work(options.sizes or sizes)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
