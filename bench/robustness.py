"""Read thousands of damaged files of every kind, and count what becomes of them.

    python -m bench.robustness                       # 10,000 files, some minutes
    python -m bench.robustness --cases 500 --kind tables --keep failing/

Each file is a good one that was damaged: cut, with other bytes in it, with pieces doubled or moved, in
another encoding or with another delimiter, with wrong counts, packed once or twice. A file may be read or
refused. It is a fault where anything but an error of the package comes out, where a line is neither read
nor counted, where the file is not the same afterwards, and where reading takes over 20 seconds.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import random
import re
import resource
import signal
import struct
import sys
import tempfile
import time
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import zstandard

from bench.reporting import arguments, progress, table
from elmo_core import ElmoClassifier, ElmoTagger, load_elmo
from elmo_core.bulk.lines import LineReader
from elmo_core.exceptions import ElmoError
from elmo_core.pretraining.corpus import CorpusReport, read_lines
from elmo_core.static.loading import load_vectors_file
from elmo_core.tables.reading import read_table
from elmo_core.tables.vectors import read_vectors
from elmo_core.tasks.saving import load_classifier, save_classifier
from elmo_core.tasks.tagging.reading import read_token_file
from elmo_core.tasks.tagging.saving import load_tagger, save_tagger
from elmo_core.tasks.tagging.sentences import tagged_sentences
from elmo_core.weights.folder import write_folder
from elmo_core.weights.registry import load_model

MOST_S = 20
MOST_BYTES = 8 << 30
_ENCODINGS = (
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-32",
    "cp1252",
    "latin-1",
    "cp1251",
    "gb18030",
    "shift_jis",
)
_SENTENCES = (
    "The bank raised its rates in May.",
    "We sat on the bank of the river, tired; it\u2019s late!",
    "Café, naïve — “quoted”, 1,000 €",
    "Nobody answered.",
    "Das Größte daran: nichts | gar nichts.",
)
Random = random.Random


@dataclass(frozen=True)
class Good:
    """A file that is read without complaint."""

    name: str
    content: bytes


@dataclass
class Count:
    """What became of the files of one kind."""

    read: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    faults: list[str] = field(default_factory=list)


class LostLineError(Exception):
    """A line was neither read nor counted."""


class TooSlowError(Exception):
    """Reading took too long."""


# --- good files ----------------------------------------------------------------------------------------


def _rows(draw: Random) -> list[tuple[str, str, str]]:
    labels = ("good", "bad", "so, so")
    return [
        (str(number), draw.choice(_SENTENCES), draw.choice(labels)) for number in range(draw.randint(2, 30))
    ]


def good_tables(draw: Random) -> Iterator[Good]:
    """Delimited text, JSON, JSONL, Parquet, XLSX."""
    frame = pd.DataFrame(_rows(draw), columns=["id", "text", "label"])
    for delimiter, suffix in ((",", "csv"), (";", "csv"), ("\t", "tsv"), ("|", "txt")):
        yield Good(f"table.{suffix}", frame.to_csv(index=False, sep=delimiter).encode())
    yield Good("table.jsonl", frame.to_json(orient="records", lines=True).encode())
    yield Good("table.json", frame.to_json(orient=draw.choice(["records", "split", "columns"])).encode())
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    yield Good("table.parquet", buffer.getvalue())
    buffer = io.BytesIO()
    frame.to_excel(buffer, index=False)
    yield Good("table.xlsx", buffer.getvalue())


def good_tags(draw: Random) -> Iterator[Good]:
    """Columns, CoNLL-U, spans in JSONL, a token a row."""
    sentences = [
        [("Ann", "B-PER"), ("Lee", "I-PER"), ("left", "O"), ("Oslo", "B-LOC"), (".", "O")],
        [("In", "O"), ("New", "B-LOC"), ("York", "I-LOC"), ("it\u2019s", "O"), ("late", "O")],
    ] * draw.randint(1, 8)
    columns = "\n\n".join("\n".join(f"{token} {tag}" for token, tag in one) for one in sentences)
    yield Good("tags.conll", f"-DOCSTART- O\n\n{columns}\n".encode())
    rows = (
        "\n".join(
            f"{place}\t{token}\t_\t{tag[0]}\t_\t_\t0\troot\t_\t_"
            for place, (token, tag) in enumerate(one, start=1)
        )
        for one in sentences
    )
    yield Good("tags.conllu", ("\n\n".join(f"# text = x\n{one}" for one in rows) + "\n\n").encode())
    spans = {"text": "Ann Lee left Oslo.", "spans": [{"start": 0, "end": 7, "label": "PER"}]}
    yield Good("tags.jsonl", "".join(json.dumps(spans) + "\n" for _ in sentences).encode())
    cells = [f"{number},{token},{tag}" for number, one in enumerate(sentences) for token, tag in one]
    yield Good("tags.csv", "\n".join(["sentence,token,tag", *cells]).encode())


def good_vectors(draw: Random) -> Iterator[Good]:
    """Static vectors of other programs, and one's own vectors for a map."""
    words = [f"word{number}" for number in range(draw.randint(4, 20))]
    matrix = np.random.default_rng(draw.randrange(1 << 30)).standard_normal((len(words), 8)).astype("f4")
    lines = [
        f"{word} {' '.join(f'{value:.4f}' for value in row)}" for word, row in zip(words, matrix, strict=True)
    ]
    yield Good("glove.txt", "\n".join(lines).encode())
    yield Good("vectors.vec", f"{len(words)} 8\n{chr(10).join(lines)}\n".encode())
    records = b"".join(
        word.encode() + b" " + row.tobytes() + b"\n" for word, row in zip(words, matrix, strict=True)
    )
    yield Good("word2vec.bin", f"{len(words)} 8\n".encode() + records)
    buffer = io.BytesIO()
    np.save(buffer, matrix)
    yield Good("own.npy", buffer.getvalue())
    buffer = io.BytesIO()
    pa.parquet.write_table(pa.table({"word": words, "vector": matrix.tolist()}), buffer)
    yield Good("own.parquet", buffer.getvalue())


def good_corpora(draw: Random) -> Iterator[Good]:
    """Running text, a sentence a line."""
    text = "\n".join(draw.choice(_SENTENCES) for _ in range(draw.randint(1, 60)))
    yield Good("corpus.txt", text.encode())
    yield Good("corpus.txt", text.replace("\n", "\r\n").encode())
    yield Good("corpus.txt.xz", lzma.compress(text.encode()))


def good_weights(folder: Path) -> list[Good]:
    """A model, a classifier and a tagger as they are saved, zipped and in parts."""
    elmo = load_elmo("tiny")
    write_folder(load_model("tiny"), folder / "model")
    texts, labels = ["a fine cup of tea", "a rude waiter"] * 8, ["good", "bad"] * 8
    save_classifier(ElmoClassifier(elmo).fit(texts, labels), folder / "classifier.zip")
    tokens, tags = [["Ann", "left", "Oslo"]] * 8, [["B-PER", "O", "B-LOC"]] * 8
    tagger = ElmoTagger(elmo, hidden=4, max_epochs=2).fit(tokens, tags)
    save_tagger(tagger, folder / "tagger.zip")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted((folder / "model").iterdir()):
            archive.write(path, path.name)
    named = [Good("model.zip", buffer.getvalue())]
    return named + [Good(name, (folder / name).read_bytes()) for name in ("classifier.zip", "tagger.zip")]


# --- damage --------------------------------------------------------------------------------------------


def damaged(good: Good, draw: Random) -> Good:
    """A good file with one to three kinds of damage; every second archive is damaged inside."""
    file = good
    if good.name.endswith((".zip", ".xlsx")) and draw.random() < 0.5:
        return _member_damaged(file, draw)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        file = draw.choice(_DAMAGES)(file, draw)
    return file


def _cut(file: Good, draw: Random) -> Good:
    at = draw.randrange(len(file.content) + 1)
    return Good(file.name, draw.choice((file.content[:at], file.content[at:])))


def _other_bytes(file: Good, draw: Random) -> Good:
    content = bytearray(file.content)
    for _ in range(draw.choice((1, 2, 8, 64)) if content else 0):
        content[draw.randrange(len(content))] = draw.choice((0, 10, 13, 34, 44, 255, draw.randrange(256)))
    return Good(file.name, bytes(content))


def _swapped(file: Good, draw: Random) -> Good:
    content = bytearray(file.content)
    for _ in range(draw.choice((1, 4)) if len(content) > 1 else 0):
        at = draw.randrange(len(content) - 1)
        content[at], content[at + 1] = content[at + 1], content[at]
    return Good(file.name, bytes(content))


def _piece_doubled(file: Good, draw: Random) -> Good:
    start, end = sorted(draw.randrange(len(file.content) + 1) for _ in range(2))
    piece = file.content[start:end]
    return Good(file.name, file.content[:end] + piece * draw.choice((1, 3)) + file.content[end:])


def _junk(file: Good, draw: Random) -> Good:
    pieces = (
        b"\0" * 40, b'"', b"\\", b"\n\n\n", b"\xef\xbb\xbf", b"\xff\xfe", b"[" * 3000, b"{" * 50, b"9" * 5000,
        b",,,,,,,,,,", b"\t", b"sep=;\n", b"# ", b"=1+1", "\u2028".encode(), b"\xed\xa0\x80", b"NaN",
        b"1e999", draw.randbytes(100),
    )  # fmt: skip
    at = draw.choice((0, len(file.content), draw.randrange(len(file.content) + 1)))
    return Good(file.name, file.content[:at] + draw.choice(pieces) + file.content[at:])


def _other_encoding(file: Good, draw: Random) -> Good:
    text = file.content.decode("utf-8", "replace")
    return Good(file.name, text.encode(draw.choice(_ENCODINGS), "replace"))


def _other_delimiter(file: Good, draw: Random) -> Good:
    old, new = (draw.choice((b",", b";", b"\t", b" ", b"\n", b"\r\n", b"|")) for _ in range(2))
    return Good(file.name, file.content.replace(old, new, draw.choice((-1, 3))))


def _wrong_count(file: Good, draw: Random) -> Good:
    number = draw.choice((b"0", b"-1", b"3", b"99999999999", b"1e9", b"4294967296", b""))
    return Good(file.name, re.sub(rb"\d+", number, file.content, count=draw.choice((1, 2))))


def _wrong_sizes(file: Good, draw: Random) -> Good:
    """Other numbers where binary formats keep their sizes and offsets."""
    content = bytearray(file.content)
    if len(content) >= 8:
        at = draw.choice((0, max(0, len(content) - 22), draw.randrange(len(content) - 7)))
        number = draw.choice((0, 1, 1 << 31, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, draw.randrange(1 << 40)))
        content[at : at + 8] = struct.pack("<Q", number)
    return Good(file.name, bytes(content))


def _packed(file: Good, draw: Random) -> Good:
    packers: tuple[Callable[[bytes], bytes], ...] = (
        gzip.compress, bz2.compress, lzma.compress, zstandard.compress,
        lambda content: _zipped(file.name, content),
    )  # fmt: skip
    content = file.content
    for _ in range(draw.choice((1, 1, 2, 3))):
        content = draw.choice(packers)(content)
    suffix = draw.choice(("", ".gz", ".zip", ".xz"))
    return Good(file.name + suffix, content)


def _zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def _member_damaged(file: Good, draw: Random) -> Good:
    """Damage one file in a `.zip`, whose check sums are right again; of other files, a few bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
            members = [Good(name, archive.read(name)) for name in archive.namelist()]
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError):
        return _other_bytes(file, draw)
    if not members:
        return file
    chosen = draw.randrange(len(members))
    members[chosen] = draw.choice(_IN_PLACE)(members[chosen], draw)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member in members:
            archive.writestr(member.name, member.content)
    return Good(file.name, buffer.getvalue())


def _other_name(file: Good, draw: Random) -> Good:
    return Good(
        f"file{draw.choice(('', '.txt', '.csv', '.jsonl', '.xlsx', '.parquet', '.bin', '.zip'))}",
        file.content,
    )


_IN_PLACE = (_cut, _other_bytes, _swapped, _piece_doubled, _junk, _wrong_count, _wrong_sizes)
_DAMAGES = (
    _cut, _other_bytes, _swapped, _piece_doubled, _junk, _other_encoding, _other_delimiter, _wrong_count,
    _wrong_sizes, _packed, _other_name, _member_damaged,
)  # fmt: skip


# --- reading -------------------------------------------------------------------------------------------


def read_a_table(path: Path) -> None:
    """Read, and check that each line is kept or counted where lines are plain records."""
    content = path.read_bytes()
    found = read_table(content, path.name)
    if any(len(row) != len(found.columns) for row in found.rows):
        raise LostLineError("a row has not the width of the header")
    if found.reading.delimiter and not re.search(rb"[\"'\\\0]", content):
        _check_lines(
            content, {*found.lines, *(record.line for record in found.skipped)}, found.reading.encoding
        )


def _check_lines(content: bytes, seen: set[int], encoding: str | None) -> None:
    """All lines but the header must be among the seen ones."""
    if (
        content[:4] in (b"PK\3\4",)
        or content[:2] in (b"\x1f\x8b", b"BZ")
        or content[:3] in (b"\xfd7z", b"\x28\xb5\x2f")
    ):
        return
    lines = re.split(r"\r\n|\n|\r", content.decode(encoding or "utf-8", "replace"))
    missing = {number for number, line in enumerate(lines, start=1) if line.strip()} - seen
    if len(missing) > 1:
        raise LostLineError(f"lines {sorted(missing)[:5]} are neither read nor counted")


def read_tags(path: Path) -> None:
    """Read the tokens, and their tags where there are any."""
    tagged_sentences(read_token_file(path.read_bytes(), path.name))


def read_some_vectors(path: Path) -> None:
    """Read as vectors of words, and as one's own vectors."""
    errors = []
    for read in (
        lambda: load_vectors_file(path, kept_in=path.parent / "kept"),
        lambda: read_vectors(path.read_bytes(), path.name),
    ):
        try:
            read()
        except ElmoError as error:
            errors.append(error)
    if len(errors) == 2:
        raise errors[0]


def read_a_corpus(path: Path) -> None:
    """Read by the readers of `embed` and of `pretrain`, which must see the same number of lines."""
    report = CorpusReport()
    n_read = sum(1 for _ in read_lines(path, report))
    if n_read + len(report.skipped_lines) != report.lines:
        raise LostLineError(f"{report.lines} lines, {n_read} read, {len(report.skipped_lines)} skipped")
    n_embedded = sum(1 for _ in LineReader([path]))
    if n_embedded != report.lines:
        raise LostLineError(f"{report.lines} lines for one reader, {n_embedded} for the other")


def read_weights(path: Path) -> None:
    """Load a model, a classifier or a tagger."""
    if path.name.startswith("classifier"):
        load_classifier(path)
    elif path.name.startswith("tagger"):
        load_tagger(path)
    else:
        load_model(path)


READERS: dict[str, Callable[[Path], None]] = {
    "tables": read_a_table,
    "tags": read_tags,
    "vectors": read_some_vectors,
    "corpora": read_a_corpus,
    "weights": read_weights,
}


def try_one(kind: str, file: Good, folder: Path, count: Count) -> bool:
    """Read one file; return whether all was well."""
    path = folder / file.name
    path.write_bytes(file.content)
    before, started = hashlib.sha256(file.content).digest(), time.monotonic()
    n_faults = len(count.faults)
    signal.alarm(MOST_S)
    try:
        READERS[kind](path)
        count.read += 1
    except ElmoError as error:
        count.refused += 1
        sentence = str(error)
        if not sentence or "\n" in sentence or "Traceback" in sentence:
            count.faults.append(f"no sentence: {sentence!r}")
    except (Exception, RecursionError, MemoryError) as error:
        count.faults.append(f"{type(error).__name__}: {error}"[:200])
    finally:
        signal.alarm(0)
    count.slowest_s = max(count.slowest_s, time.monotonic() - started)
    if not path.is_file() or hashlib.sha256(path.read_bytes()).digest() != before:
        count.faults.append("the file was changed")
    path.unlink(missing_ok=True)
    return len(count.faults) == n_faults


def good_files(kind: str, draw: Random, saved: list[Good]) -> list[Good]:
    """Some good files of a kind."""
    makers = {"tables": good_tables, "tags": good_tags, "vectors": good_vectors, "corpora": good_corpora}
    return list(makers[kind](draw)) if kind in makers else saved


def run(kind: str, n: int, seed: int, keep: Path | None) -> Count:
    """Damage and read n files of a kind; the first `len(good)` are read undamaged and must be accepted."""
    draw, count = Random(f"{seed} {kind}"), Count()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        saved = good_weights(folder) if kind == "weights" else []
        for good in good_files(kind, draw, saved):
            READERS[kind](_written(folder, good))
        good_now = good_files(kind, draw, saved)
        for number in range(n):
            if number % 50 == 0:
                good_now = good_files(kind, draw, saved)
            file = damaged(draw.choice(good_now), draw)
            if not try_one(kind, file, folder, count) and keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{kind}-{number}-{file.name}").write_bytes(file.content)
            if number % 500 == 499:
                progress(f"{kind}: {number + 1} of {n}")
    return count


def _written(folder: Path, file: Good) -> Path:
    path = folder / file.name
    path.write_bytes(file.content)
    return path


def main() -> int:
    """Print a table of the counts; the exit status is 1 where there was a fault."""
    parser = arguments(__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="files in all")
    parser.add_argument("--kind", choices=list(READERS), action="append", help="default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files that show a fault")
    options = parser.parse_args()
    kinds = options.kind or list(READERS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))  # a bomb is a MemoryError
    signal.signal(signal.SIGALRM, _too_slow)
    warnings.simplefilter("error")
    counts = {kind: run(kind, options.cases // len(kinds), options.seed, options.keep) for kind in kinds}
    rows = [
        (kind, count.read + count.refused + len(count.faults), count.read, count.refused, len(count.faults),
         f"{count.slowest_s:.1f}")
        for kind, count in counts.items()
    ]  # fmt: skip
    sys.stdout.write(table(("kind", "files", "read", "refused", "faults", "slowest, s"), rows))
    for kind, count in counts.items():
        for fault, times in Counter(count.faults).most_common(20):
            sys.stdout.write(f"{kind}: {times} x {fault}\n")
    return int(any(count.faults for count in counts.values()))


def _too_slow(*_: object) -> None:
    raise TooSlowError(f"over {MOST_S} s")


if __name__ == "__main__":
    sys.exit(main())
