"""Blocks of a stream of sentences, so that memory does not depend on how many sentences there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized

_BLOCK_BYTES = 32 << 20
"""Vectors of one block: enough sentences for full batches of similar length."""
_BLOCK_SENTENCES = 4096
_CHARACTERS_PER_TOKEN = 5


def cut_blocks(
    sentences: Iterable[str | Sequence[str]], token_bytes: int
) -> Iterator[list[str | Sequence[str]]]:
    """Cut a stream of sentences into blocks of limited size.

    The cuts depend on the sentences alone: a stream that starts at the beginning of a block is cut in the
    same places as the whole one.

    Args:
        sentences: any number of strings or token lists; read as they are needed.
        token_bytes: bytes that the vectors of one token take.

    Yields:
        Consecutive sentences, at least one.
    """
    block: list[str | Sequence[str]] = []
    n_bytes = 0
    for sentence in sentences:
        block.append(sentence)
        n_bytes += token_bytes * _estimated_tokens(sentence)
        if n_bytes >= _BLOCK_BYTES or len(block) == _BLOCK_SENTENCES:
            yield block
            block, n_bytes = [], 0
    if block:
        yield block


def _estimated_tokens(sentence: object) -> int:
    if isinstance(sentence, str):
        return len(sentence) // _CHARACTERS_PER_TOKEN + 1
    return len(sentence) if isinstance(sentence, Sized) else 0  # the reader of the block refuses it
