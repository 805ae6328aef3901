"""How much memory and time do small files take that unpack into, or claim, something huge?

    python -m bench.robustness.bombs [--each 13] [--format parquet] [--seed 0]

Bombs of eight formats are made with a seed: long rows, deep nesting, dictionaries of one value, claimed
sizes, blank sheets, zeros packed. Each is read in a process of its own. It is a fault if that takes more than
500 MB above what the process had before, more than 10 s of one processor, or says anything but one
sentence. The exit status is 1 if there was a fault.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import struct
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from bench.memory import peak_mb, resident_mb
from bench.reporting import arguments, progress, table
from bench.robustness.good_files import Good
from bench.robustness.readers import READERS
from elmo_core.exceptions import ElmoError
from elmo_core.shipped import shipped

MOST_MB, MOST_S = 500, 10
_FILLERS = (b"\0", b",", b"\n", b"a ", b"1 ", b'"', b"\xc3\xa9", b"\xff\xfe")
_SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</worksheet>'


@dataclass(frozen=True)
class ReadBomb:
    """What reading a bomb took."""

    file: Good
    mb: float
    """Most memory above rest."""
    seconds: float
    """Of one processor."""
    said: str
    """The sentence it was refused with; "read" where it was read."""
    is_sentence: bool

    @property
    def is_fault(self) -> bool:
        """Whether it took too much, or was refused in other words than one sentence."""
        return self.mb > MOST_MB or self.seconds > MOST_S or not self.is_sentence


def delimited_bombs(draw: Random) -> Iterator[Good]:
    """Rows of delimiters, cells without end, many tiny rows."""
    while True:
        n, mark = draw.randint(1_000_000, 20_000_000), draw.choice([b",", b";", b"\t", b"|"])
        yield Good("commas.csv", b"text,label\n" + mark * n)
        yield Good("quote.csv", b'text,label\n"' + b"a" * n)
        yield Good("quotes.csv", b"text,label\n" + b'"a""' * (n // 4))
        yield Good("short.csv", b"text,label\n" + b"a,b\n" * (n // 4))
        yield Good("columns.csv", mark.join(b"c%d" % i for i in range(n // 10)) + b"\n" + b"a\n" * 1_000)
        yield Good("empty.csv", b"text,label\n" + b",\n" * (n // 2))


def json_bombs(draw: Random) -> Iterator[Good]:
    """Keys that every later row gets, nesting, many empty records."""
    while True:
        n = draw.randint(100_000, 2_000_000)
        wide = json.dumps({f"k{i}": i for i in range(draw.randint(500, 1_000))})
        yield Good("wide.jsonl", (wide + '\n{"k0": 1}' * n).encode())
        yield Good("deep.json", b"[" * n + b"]" * n)
        yield Good("deep.jsonl", b'{"text": ' * n + b'"a"' + b"}" * n)
        yield Good("keys.json", ("[" + ",".join(f'{{"k{i}": 1}}' for i in range(n // 10)) + "]").encode())
        yield Good("empty.json", b"[" + b",".join([b"{}"] * n) + b"]")
        yield Good("number.json", b'[{"text": ' + b"9" * n + b"}]")


def _parquet(columns: dict[str, object], **options: object) -> bytes:
    buffer = io.BytesIO()
    pa.parquet.write_table(pa.table(columns), buffer, **options)
    return buffer.getvalue()


def parquet_bombs(draw: Random) -> Iterator[Good]:
    """One long value that recurs, rows of nothing, lists in lists."""
    while True:
        n = draw.randint(15_000, 900_000)
        value = "x" * draw.choice([1_000, 100_000, 1_000_000])
        same = pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, "i4")), pa.array([value]))
        yield Good("one.parquet", _parquet({"text": same.cast(pa.string()) if n < 200 else same}))
        yield Good("nulls.parquet", _parquet({f"c{i}": pa.nulls(n, pa.string()) for i in range(20)}))
        few = pa.array([[value[:1_000]] * 50] * min(n, 20_000), pa.list_(pa.string()))
        yield Good("lists.parquet", _parquet({"text": few}))
        zeros = np.zeros(draw.choice([256, 1_024]), "f4")
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.tile(zeros, 20_000)), len(zeros))
        yield Good("own.parquet", _parquet({"vector": vectors}, compression="zstd"))
        nested = pa.array([[[[0] * 100] * 10] * 10] * 500)
        yield Good("nested.parquet", _parquet({"a": nested, "b": nested}))


def _workbook(rows: Iterator[str] | list[str], strings: bytes = b"") -> bytes:
    """A workbook of one sheet, its rows as XML."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = {"xl/workbook.xml": "sheet.main", "xl/worksheets/sheet1.xml": "worksheet"}
        parts |= {"xl/sharedStrings.xml": "sharedStrings"} if strings else {}
        listed = "".join(
            f'<Override PartName="/{name}" ContentType="{types}.{kind}+xml"/>' for name, kind in parts.items()
        )
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{packages}/content-types">{listed}</Types>')
        root = f'<Relationship Id="r1" Type="{links}/officeDocument" Target="xl/workbook.xml"/>'
        archive.writestr(
            "_rels/.rels", f'<Relationships xmlns="{packages}/relationships">{root}</Relationships>'
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets>'
            '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        own = f'<Relationship Id="r1" Type="{links}/worksheet" Target="worksheets/sheet1.xml"/>'
        if strings:
            own += f'<Relationship Id="r2" Type="{links}/sharedStrings" Target="sharedStrings.xml"/>'
            archive.writestr("xl/sharedStrings.xml", strings)
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{packages}/relationships">{own}</Relationships>',
        )
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            before, after = _SHEET.split("{}")
            sheet.write(before.encode())
            for row in rows:
                sheet.write(row.encode())
            sheet.write(after.encode())
    return buffer.getvalue()


def workbook_bombs(draw: Random) -> Iterator[Good]:
    """Claimed dimensions, cells far away, blank rows, repeated strings."""
    cell = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'
    while True:
        n = draw.randint(20_000, 300_000)
        far = f'<row r="1048576">{cell.format("XFD1048576", "far")}</row>'
        small = f'<row r="1">{cell.format("A1", "text")}{cell.format("B1", "label")}</row>'
        claim = '<dimension ref="A1:XFD1048576"/><sheetData>'
        yield Good("claim.xlsx", _workbook([claim, small, "</sheetData>"]))
        yield Good("far.xlsx", _workbook(["<sheetData>", small, far, "</sheetData>"]))
        blanks = (f'<row r="{i}"/>' for i in range(2, n))
        yield Good("blank.xlsx", _workbook(iter(["<sheetData>", small, *blanks, "</sheetData>"])))
        wide = (f'<row r="{i}">{cell.format(f"XFD{i}", "w")}</row>' for i in range(2, n // 100))
        yield Good("wide.xlsx", _workbook(iter(["<sheetData>", small, *wide, "</sheetData>"])))
        long = cell.format("A2", "x" * (n * 100))
        yield Good("long.xlsx", _workbook(["<sheetData>", small, f'<row r="2">{long}</row>', "</sheetData>"]))
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        strings = f'<sst xmlns="{main}">{"<si><t>a</t></si>" * n}</sst>'.encode()
        yield Good("strings.xlsx", _workbook(["<sheetData>", small, "</sheetData>"], strings))


def packed_bombs(draw: Random) -> Iterator[Good]:
    """A few bytes again and again, packed in five ways, once or twice."""
    while True:
        filler, n = draw.choice(_FILLERS), draw.randint(50 << 20, 300 << 20)
        plain = (filler * n)[:n]
        suffix = draw.choice(["csv", "txt", "jsonl", "tsv"])
        zipped = io.BytesIO()
        with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"a.{suffix}", plain)
        yield Good(f"a.{suffix}.zip", zipped.getvalue())
        yield Good(f"a.{suffix}.gz", gzip.compress(plain, 6))
        yield Good(f"a.{suffix}.xz", lzma.compress(plain, preset=0))
        yield Good(f"a.{suffix}.bz2", bz2.compress(plain[: 60 << 20], 1))
        packed = pa.Codec("zstd").compress(plain, asbytes=True)
        yield Good(f"a.{suffix}.zst", packed)
        yield Good(f"a.{suffix}.gz", gzip.compress(gzip.compress(plain, 6)))


def _npy(header: str, n_bytes: int) -> bytes:
    line = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(line)) + line + b"\0" * n_bytes


def array_bombs(draw: Random) -> Iterator[Good]:
    """Shapes that are claimed, negative or nested; zeros packed in an archive; wide text."""
    while True:
        n = draw.randint(10**6, 10**12)
        shape = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }"
        yield Good("claim.npy", _npy(shape % f"{n}, 512", 4_000))
        yield Good("negative.npy", _npy(shape % f"-{n}, -4", 4_000))
        yield Good("nested.npy", _npy("(" * 20_000 + ")" * 20_000, 0))
        zeros, packed = np.zeros((draw.randint(100_000, 200_000), 512), "f4"), io.BytesIO()
        np.savez_compressed(packed, a=zeros)
        yield Good("zeros.npz", packed.getvalue())
        yield Good("wide.tsv", b"0.5\t" * draw.randint(100_000, 5_000_000) + b"0.5\n")
        yield Good("many.jsonl", b'{"vector": [0.5, 0.5]}\n' * draw.randint(100_000, 1_000_000))


def word_vector_bombs(draw: Random) -> Iterator[Good]:
    """Headers that claim a huge vocabulary or width, lines without end."""
    while True:
        n = draw.randint(10**6, 10**12)
        yield Good("claim.vec", f"{n} 300\nthe {'0.5 ' * 300}\n".encode())
        yield Good("wide.vec", f"2 {n}\nthe 0.5 0.5\n".encode())
        yield Good("claim.bin", f"{n} 300\n".encode() + b"the " + b"\0" * 1_200)
        yield Good("line.txt", b"the " + b"0.5 " * draw.randint(1_000_000, 10_000_000))
        yield Good("word.txt", b"a" * draw.randint(10_000_000, 50_000_000) + b" 0.5 0.5\n")
        yield Good("same.txt.gz", gzip.compress(b"the 0.5 0.5 0.5\n" * draw.randint(10**6, 10**7), 6))


def model_bombs(draw: Random) -> Iterator[Good]:
    """Saved models whose parts claim or unpack to more than they hold."""
    folder = shipped("data/models/english-small")
    config, vocabulary = (folder / "config.json").read_bytes(), (folder / "vocab.txt").read_bytes()

    def archive(parts: dict[str, bytes]) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
            for name, content in parts.items():
                out.writestr(name, content)
        return buffer.getvalue()

    while True:
        n = draw.randint(10**6, 10**9)
        zeros = b"\0" * draw.randint(100 << 20, 400 << 20)
        header = json.dumps({"w": {"dtype": "F32", "shape": [n, 1_000], "data_offsets": [0, 4_000 * n]}})
        claim = struct.pack("<Q", len(header)) + header.encode() + b"\0" * 1_000
        parts = {"config.json": config, "vocab.txt": vocabulary, "model.safetensors": claim}
        yield Good("claim.zip", archive(parts))
        yield Good("zeros.zip", archive({**parts, "model.safetensors": zeros}))
        yield Good(
            "header.zip", archive({**parts, "model.safetensors": struct.pack("<Q", n * 1_000) + b"{}"})
        )
        facts = json.loads(config)
        facts = {key: n if isinstance(value, int) and value > 1 else value for key, value in facts.items()}
        yield Good("sizes.zip", archive({**parts, "config.json": json.dumps(facts).encode()}))
        yield Good("words.zip", archive({**parts, "vocab.txt": b"a\n" * (n // 100)}))
        yield Good("classifier.zip", archive({"classifier.json": config, "classifier.safetensors": zeros}))
        yield Good("tagger.zip", archive({"tagger.json": b"[" * n if n < 10**8 else b"{}", "a": zeros}))


BOMBS: dict[str, tuple[str, Callable[[Random], Iterator[Good]]]] = {
    "delimited": ("tables", delimited_bombs),
    "json": ("tables", json_bombs),
    "parquet": ("tables", parquet_bombs),
    "xlsx": ("tables", workbook_bombs),
    "packed": ("tables", packed_bombs),
    "arrays": ("vectors", array_bombs),
    "word vectors": ("vectors", word_vector_bombs),
    "models": ("weights", model_bombs),
}
"""For each format what reads it, see `READERS`, and what makes its bombs."""


def read_alone(kind: str, file: Good, folder: Path) -> ReadBomb:
    """Read a file in a process of its own and measure that process.

    Args:
        kind: of reader, see `READERS`.
        file: what is read.
        folder: where it is put.
    """
    path, (receiver, sender) = folder / file.name, os.pipe()
    path.write_bytes(file.content)
    child = os.fork()
    if child == 0:
        said, rest = b"S", resident_mb(os.getpid())
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
        try:
            READERS[kind](path)
        except ElmoError as error:
            sentence = str(error)
            said = (b"N" if not sentence or "\n" in sentence else b"S") + sentence.encode()
        except BaseException:
            said = b"N" + traceback.format_exc(limit=-1).encode()
        os.write(sender, f"{peak_mb() - rest:.0f} ".encode() + said[:60_000])
        os._exit(0)
    os.close(sender)
    with os.fdopen(receiver, "rb") as pipe:
        answer = pipe.read()
    _, status, used = os.wait4(child, 0)
    path.unlink()
    if status:
        answer = f"{used.ru_maxrss / 1024:.0f} Nended with status {status}".encode()
    mb, _, sentence = answer.decode(errors="replace").partition(" ")
    seconds = used.ru_utime + used.ru_stime
    return ReadBomb(file, float(mb), seconds, sentence[1:] or "read", sentence.startswith("S"))


def run(name: str, n: int, seed: int) -> list[ReadBomb]:
    """Make and read n bombs of a format."""
    kind, bombs = BOMBS[name]
    with tempfile.TemporaryDirectory() as folder:
        read = partial(read_alone, kind, folder=Path(folder))
        return [read(file) for file in islice(bombs(Random(f"{seed} {name}")), n)]


def main() -> int:
    """Print a table of what each format took at most; the exit status is 1 if there was a fault."""
    parser = arguments(__doc__)
    parser.add_argument("--each", type=int, default=13, help="bombs of each format")
    parser.add_argument("--format", choices=list(BOMBS), action="append", help="default: all")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rows, faults = [], []
    for name in asked.format or BOMBS:
        outcomes = run(name, asked.each, asked.seed)
        faults += [one for one in outcomes if one.is_fault]
        n_read = sum(one.said == "read" for one in outcomes)
        largest, slowest = (max(outcomes, key=key) for key in (_by_mb, _by_seconds))
        most = f"{largest.mb:,.0f} ({largest.file.name})", f"{slowest.seconds:.1f} ({slowest.file.name})"
        rows.append((name, n_read, len(outcomes) - n_read, *most, sum(one.is_fault for one in outcomes)))
        progress(f"{name}: done")
    heads = ("format", "read", "refused", "most MB above rest", "most seconds", "faults")
    sys.stdout.write(table(heads, rows))
    for one in faults:
        size = f"{one.file.name}, {len(one.file.content):,} bytes"
        sys.stdout.write(f"{size}: {one.mb:,.0f} MB, {one.seconds:.1f} s: {one.said[:300]}\n")
    return int(bool(faults))


def _by_mb(one: ReadBomb) -> float:
    return one.mb


def _by_seconds(one: ReadBomb) -> float:
    return one.seconds


if __name__ == "__main__":
    sys.exit(main())
