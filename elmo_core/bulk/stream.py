"""Embeds a stream of sentences block by block: what is in memory does not depend on how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from elmo_core.embedder import Elmo, Embedding

_BLOCK_BYTES = 32 << 20
"""Results of a block: enough sentences for full batches of like length."""
_BLOCK_SENTENCES = 4096
_CHARACTERS_PER_TOKEN = 5


def embed_stream(elmo: Elmo, sentences: Iterable[str | Sequence[str]]) -> Iterator[list[Embedding]]:
    """Embed sentences one block after the other, each on its own (state "zero").

    The blocks depend on the sentences alone, so a stream that starts at the beginning of a block is cut
    as the whole one was.

    Args:
        elmo: the model.
        sentences: any number, as for `Elmo.embed`; taken as they are needed.

    Yields:
        The results of some sentences, in order.

    Raises:
        InputError: as `Elmo.embed`.
    """
    token_bytes = 4 * elmo.n_layers * elmo.dim
    block: list[str | Sequence[str]] = []
    n_bytes = 0
    for sentence in sentences:
        block.append(sentence)
        n_bytes += token_bytes * _estimated_tokens(sentence)
        if n_bytes >= _BLOCK_BYTES or len(block) == _BLOCK_SENTENCES:
            yield elmo.embed(block)
            block, n_bytes = [], 0
    if block:
        yield elmo.embed(block)


def _estimated_tokens(sentence: str | Sequence[str]) -> int:
    return len(sentence) // _CHARACTERS_PER_TOKEN + 1 if isinstance(sentence, str) else len(sentence)
