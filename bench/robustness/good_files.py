"""Good files of every kind that the package reads."""

from __future__ import annotations

import io
import json
import lzma
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from elmo_core import ElmoClassifier, ElmoTagger, load_elmo
from elmo_core.learning.tags.saving import save_tagger
from elmo_core.learning.texts.saving import save_classifier
from elmo_core.weights.folder import write_folder
from elmo_core.weights.registry import load_model

_SENTENCES = (
    "The bank raised its rates in May.",
    "We sat on the bank of the river, tired; it\u2019s late!",
    "Café, naïve — “quoted”, 1,000 €",
    "Nobody answered.",
    "Das Größte daran: nichts | gar nichts.",
)


@dataclass(frozen=True)
class Good:
    """A file that is read without complaint."""

    name: str
    content: bytes


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
