"""Read the names of whole texts from the scores of their words.

In: texts, the chunks they were read in, and the scores [word, label] of each text. Out: the names
of each text. They are read twice: where the names found first speak against a reading (`hints` of
`transforms/consistency.py`), its scores are changed a little and its chunk is read again. So what
one paragraph says clearly settles what another leaves in doubt.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy
from numpy.typing import NDArray

from transforms.consistency import Name, hints
from transforms.encoder.decode import Span, Spans, outside_beyond
from transforms.encoder.inputs import Chunk

Scores = NDArray[Any]
Placed = tuple[int, Chunk]  # the place of the text that a chunk is of, and the chunk


def read_names(
    spans: Spans,
    texts: Sequence[Sequence[str]],
    chunks: Sequence[Placed],
    scores: Sequence[Scores],
) -> list[list[Span]]:
    """Read the names of each text; changes the scores."""
    found = _read(spans, chunks, scores)
    first = _by_text(len(texts), chunks, found)
    doubtful = [
        set(_lean(spans, words, names, own))
        for words, names, own in zip(texts, first, scores, strict=True)
    ]
    again = [
        nth for nth, (place, c) in enumerate(chunks) if not doubtful[place].isdisjoint(c.words)
    ]
    better = _read(spans, [chunks[nth] for nth in again], scores)
    for nth, names in zip(again, better, strict=True):
        found[nth] = names
    return _by_text(len(texts), chunks, found)


def _read(spans: Spans, chunks: Sequence[Placed], scores: Sequence[Scores]) -> list[list[Span]]:
    """Read the names of each chunk, all chunks at once."""
    sizes = [len(chunk.words) for _, chunk in chunks]
    padded = numpy.zeros((len(chunks), max(sizes, default=0), len(spans.labels)))
    for row, (place, chunk) in enumerate(chunks):
        padded[row, : sizes[row]] = scores[place][list(chunk.words)]
    read = spans.read_many(outside_beyond(padded, sizes)) if chunks else []
    return [
        [(chunk.words[start], chunk.words[end - 1] + 1, label) for start, end, label in names]
        for (_, chunk), names in zip(chunks, read, strict=True)
    ]


def _by_text(
    number: int, chunks: Sequence[Placed], found: Sequence[Sequence[Span]]
) -> list[list[Span]]:
    """Gather the names of chunks by text, in order."""
    gathered: list[list[Span]] = [[] for _ in range(number)]
    for (place, _), names in zip(chunks, found, strict=True):
        gathered[place] += names
    return gathered


def _lean(
    spans: Spans, words: Sequence[str], names: Sequence[Span], scores: Scores
) -> Iterator[int]:
    """Add to a text's scores what its names say of each other; gives the words this is about."""
    for start, end, labels in hints(words, [Name(*name) for name in names]):
        for label, logits in labels.items():
            scores[start, spans.labels.index(f"B-{label}")] += logits
            scores[start + 1 : end, spans.labels.index(f"I-{label}")] += logits
        yield from range(start, end)
