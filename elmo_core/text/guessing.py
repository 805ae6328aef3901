"""A guess at the encoding of text that is not UTF-8."""

from __future__ import annotations

_USUAL = "cp1252"


def guess_encoding(sample: bytes) -> str:
    """Ask charset-normalizer; Windows-1252 wins if it reads as much like a language."""
    from charset_normalizer import from_bytes

    matches = from_bytes(sample)
    best = matches.best()
    if best is None:
        return _USUAL
    names = [match.encoding for match in matches if match.coherence >= best.coherence]
    return _USUAL if _USUAL in names else best.encoding
