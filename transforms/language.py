"""Load the language model, and hold the parts of it that spaCy does not bring.

In: nothing (the model shipped in `transforms/model`), a folder, or the name of an installed spaCy
pipeline. Out: a pipeline that tags, parses, lemmatises and names, loaded once a process. Rejected,
with a ValueError: a pipeline without one of these, since entities and events would be empty.

Parts of our own, registered with spaCy:
- `dateline_encoder` writes into a `Doc` what our network (`transforms/encoder`) reads: tags, word
  classes, trees, sentence bounds, names, and in `Doc._.frames` the predicates with their roles;
- the tokenizer also parts `U.S.-backed` at its hyphen, so that the name is a token;
- `whole_names` sets the bounds of names, and `settled_lemmas` looks base forms up
  (`transforms/consistency.py`, `lemmas.py`). Both are added to any pipeline;
- `consistent_names` makes the names of a whole article agree. It is added to the pipelines of
  others; our network reads doubtful names again instead.
"""

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

import numpy
import spacy
from spacy.attrs import DEP, HEAD, POS, TAG
from spacy.language import Language
from spacy.tokens import Doc, Span, Token
from spacy.util import compile_infix_regex, minibatch, registry
from thinc.types import Ints2d

from transforms.consistency import Name, agree, set_bounds
from transforms.encoder.network import Network, Reading
from transforms.encoder.trees import mend_trees
from transforms.lemmas import settle_lemmas
from transforms.roles import EXTENSION, given_predicates

DASH = "–"
SHIPPED_MODEL = Path(__file__).parent / "model"
# What our own recogniser tells apart; others may give more (PRODUCT, LAW …), which pass through.
LABELS = ("PERSON", "ORG", "GPE", "LOC", "FAC", "NORP", "EVENT")
NEEDED = {
    "tagger": "word classes",
    "parser": "trees",
    "lemmatizer": "base forms",
    "ner": "names",
}
TOKENIZER = "dateline.Tokenizer.v1"
ENCODER = "dateline_encoder"
WHOLE_NAMES = "whole_names"
CONSISTENT_NAMES = "consistent_names"
SETTLED_LEMMAS = "settled_lemmas"

INFIXES = (
    r"(?<=[A-Za-z]\.)-(?=[A-Za-z])",  # U.S.-backed
    r"(?<=[A-Za-z0-9])[–—](?=[A-Za-z0-9])",  # dashes set without spaces
)

Tokenize = Callable[[str], Doc]

if not Doc.has_extension(EXTENSION):
    Doc.set_extension(EXTENSION, default=None)

_loaded: dict[str, Language] = {}
_loading = threading.Lock()


def load_language(model: str | Path | None = None) -> Language:
    """Load a pipeline once a process: the shipped one, a folder or an installed package."""
    place = str(SHIPPED_MODEL if model is None else model)
    with _loading:
        if place not in _loaded:
            _loaded[place] = _open_pipeline(place)
        return _loaded[place]


def _open_pipeline(place: str) -> Language:
    """Open a pipeline, see that it is whole, and have its names agree."""
    try:
        nlp = spacy.load(place)
    except OSError as error:
        raise ValueError(
            f"no language model at {place!r}: give a spaCy pipeline's folder, or the name of one"
            " that is installed in this environment"
        ) from error
    check_pipeline(nlp, place)
    for part in lacking_parts(nlp):
        nlp.add_pipe(part, last=True)
    return nlp


def lacking_parts(nlp: Language) -> list[str]:
    """Name the parts of our own that a pipeline lacks; our network's names agree already."""
    parts = [WHOLE_NAMES, CONSISTENT_NAMES, SETTLED_LEMMAS]
    if ENCODER in nlp.pipe_names:
        parts.remove(CONSISTENT_NAMES)
    return [part for part in parts if part not in nlp.pipe_names]


def blank_pipeline() -> Language:
    """Make an empty English pipeline with our tokenizer."""
    return spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": TOKENIZER}}})


def check_pipeline(nlp: Language, place: str) -> None:
    """Raise a ValueError that names the parts which a pipeline lacks."""
    factories = {nlp.get_pipe_meta(name).factory for name in nlp.pipe_names}
    if "trainable_lemmatizer" in factories:
        factories.add("lemmatizer")
    if ENCODER in factories:
        factories |= NEEDED.keys()
    missing = [part for part in NEEDED if part not in factories]
    if missing:
        parts = ", ".join(f"{part} ({NEEDED[part]})" for part in missing)
        raise ValueError(
            f"the language model {place!r} lacks {parts}: use a pipeline that has them, such as"
            " the shipped one or en_core_web_sm, or train one with `dateline train`"
        )


@registry.tokenizers(TOKENIZER)
def make_tokenizer() -> Callable[[Language], Tokenize]:
    """Make the tokenizer of English that also parts `U.S.-backed`."""

    def build(nlp: Language) -> Tokenize:
        tokenizer = registry.tokenizers.get("spacy.Tokenizer.v1")()(nlp)
        infixes = compile_infix_regex([*INFIXES, *(nlp.Defaults.infixes or ())])
        tokenizer.infix_finditer = infixes.finditer
        return cast(Tokenize, tokenizer)

    return build


@Language.component(WHOLE_NAMES, retokenizes=False, assigns=["doc.ents"])
def make_names_whole(doc: Doc) -> Doc:
    """Set the bounds of a document's names."""
    return change_names(doc, set_bounds)


@Language.component(CONSISTENT_NAMES, retokenizes=False, assigns=["doc.ents"])
def agree_names(doc: Doc) -> Doc:
    """Make the names of a document agree."""
    return change_names(doc, agree)


def change_names(
    doc: Doc, change: Callable[[Sequence[str], Sequence[Name]], Sequence[Name]]
) -> Doc:
    """Put other names in a document; those that stay keep what else is known of them."""
    names = [Name(entity.start, entity.end, entity.label_) for entity in doc.ents]
    changed = change([_part(token) for token in doc], names)
    if changed != names:
        kept = {(entity.start, entity.end, entity.label_): entity for entity in doc.ents}
        doc.ents = tuple(
            kept.get((name.start, name.end, name.label))
            or Span(doc, name.start, name.end, label=name.label)
            for name in changed
        )
    return doc


def _part(token: Token) -> str:
    """Give a word as it is; a hyphen with a space behind it is a dash and joins nothing."""
    return DASH if token.text == "-" and token.whitespace_ else token.text


@Language.component(SETTLED_LEMMAS, retokenizes=False, assigns=["token.lemma"])
def settle(doc: Doc) -> Doc:
    """Settle the base forms of a document's words."""
    return settle_lemmas(doc)


class EncoderPart:
    """The pipeline component around our network."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._network: Network | None = None

    @property
    def network(self) -> Network:
        """Give the network; it is read when it is first needed."""
        if self._network is None:
            if self._folder is None:
                raise ValueError("the encoder has no weights: load the pipeline from a folder")
            self._network = Network(self._folder)
        return self._network

    def __call__(self, doc: Doc) -> Doc:
        """Read one document."""
        return next(self.pipe([doc]))

    def pipe(self, docs: Iterable[Doc], *, batch_size: int = 8) -> Iterator[Doc]:
        """Read documents some at a time."""
        for batch in minibatch(docs, batch_size):
            words = [[token.text for token in doc] for doc in batch]
            readings = self.network.read(words, [given_predicates(doc) for doc in batch])
            for doc, reading in zip(batch, readings, strict=True):
                write_reading(doc, reading)
                yield doc

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write the network's files."""
        if self._folder is None:
            raise ValueError("the encoder has no weights to write")
        shutil.copytree(self._folder, path, dirs_exist_ok=True)

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> "EncoderPart":
        """Remember where the network's files are."""
        self._folder = Path(path)
        self._network = None
        return self


@Language.factory(
    ENCODER,
    assigns=["token.tag", "token.pos", "token.dep", "token.head", "doc.sents", "doc.ents"],
)
def make_encoder(nlp: Language, name: str) -> EncoderPart:  # noqa: ARG001 (spaCy passes both)
    """Make the component; its weights come with `from_disk`."""
    return EncoderPart()


def write_reading(doc: Doc, reading: Reading) -> None:
    """Write into a document what the network read."""
    mend_trees(reading.tags, reading.heads, reading.relations)
    strings = doc.vocab.strings
    columns = [
        [strings.add(tag) for tag in reading.tags],
        [strings.add(part) for part in reading.classes],
        [strings.add(relation) for relation in reading.relations],
        [head - place for place, head in enumerate(hang_spaces(doc, reading.heads))],
    ]
    # Offsets may be negative: spaCy reads the numbers as they lie in memory.
    values = numpy.asarray(
        [[number % 2**64 for number in column] for column in columns], dtype="uint64"
    )
    doc.from_array([TAG, POS, DEP, HEAD], cast(Ints2d, values.T))
    doc.ents = tuple(Span(doc, start, end, label=label) for start, end, label in reading.names)
    doc._.set(EXTENSION, tuple(reading.frames))


def hang_spaces(doc: Doc, heads: Sequence[int]) -> list[int]:
    """Hang each space on the word before it, those that begin the text on its first word."""
    hung = list(heads)
    first = next((token.i for token in doc if not token.is_space), 0)
    word = first
    for token in doc:
        if token.is_space:
            hung[token.i] = word
        else:
            word = token.i
    return hung
