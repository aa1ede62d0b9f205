"""Load the language model, and hold the parts of it that spaCy does not bring.

In: nothing (the model shipped in `transforms/model`), a folder, or the name of an installed spaCy
pipeline. Out: a pipeline that tags, parses, lemmatises and names, loaded once a process. Rejected,
with a ValueError: a pipeline without one of these, since entities and events would be empty.

Parts of our own, registered with spaCy under `dateline.*`:
- the tokenizer also parts `U.S.-backed` at its hyphen, so that the name is a token;
- the recogniser's embedding has, beside the word's form, a mask of the lists it stands in (first
  names, cities, demonyms …): soft evidence that the network weighs, never a rule;
- `consistent_names` makes the names of a whole article agree (`transforms/consistency.py`). It is
  added to any pipeline that lacks it.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy
import spacy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.ml.featureextractor import FeatureExtractor
from spacy.tokens import Doc, Span
from spacy.util import compile_infix_regex, registry
from thinc.api import (
    HashEmbed,
    Maxout,
    Model,
    chain,
    concatenate,
    list2ragged,
    ragged2list,
    with_array,
)
from thinc.types import Floats2d, Ints2d

from transforms.consistency import Name, agree

SHIPPED_MODEL = Path(__file__).parent / "model"
# What our own recogniser tells apart; others may give more (PRODUCT, LAW …), which pass through.
LABELS = ("PERSON", "ORG", "GPE", "LOC", "FAC", "NORP", "EVENT")
NEEDED = {
    "tagger": "word classes",
    "parser": "trees",
    "lemmatizer": "base forms",
    "ner": "names",
}
CONSISTENT_NAMES = "consistent_names"
NAME_CLASSES = "name_classes"  # the lookup table: lower-case word -> mask of the lists it is in

INFIXES = (
    r"(?<=[A-Za-z]\.)-(?=[A-Za-z])",  # U.S.-backed
    r"(?<=[A-Za-z0-9])[–—](?=[A-Za-z0-9])",  # dashes set without spaces
)

Tokenize = Callable[[str], Doc]

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
    if CONSISTENT_NAMES not in nlp.pipe_names:
        nlp.add_pipe(CONSISTENT_NAMES, last=True)
    return nlp


def check_pipeline(nlp: Language, place: str) -> None:
    """Raise a ValueError that names the parts which a pipeline lacks."""
    factories = {nlp.get_pipe_meta(name).factory for name in nlp.pipe_names}
    if "trainable_lemmatizer" in factories:
        factories.add("lemmatizer")
    missing = [part for part in NEEDED if part not in factories]
    if missing:
        parts = ", ".join(f"{part} ({NEEDED[part]})" for part in missing)
        raise ValueError(
            f"the language model {place!r} lacks {parts}: use a pipeline that has them, such as"
            " the shipped one or en_core_web_sm, or train one with `dateline train`"
        )


@registry.tokenizers("dateline.Tokenizer.v1")
def make_tokenizer() -> Callable[[Language], Tokenize]:
    """Make the tokenizer of English that also parts `U.S.-backed`."""

    def build(nlp: Language) -> Tokenize:
        tokenizer = registry.tokenizers.get("spacy.Tokenizer.v1")()(nlp)
        infixes = compile_infix_regex([*INFIXES, *(nlp.Defaults.infixes or ())])
        tokenizer.infix_finditer = infixes.finditer
        return cast(Tokenize, tokenizer)

    return build


@registry.architectures("dateline.GazHashEmbed.v1")
def embed_with_lists(
    width: int, attrs: list[str], rows: list[int], list_rows: int
) -> Model[list[Doc], list[Floats2d]]:
    """Embed words by spaCy's hashed features and one more: the mask of the lists they are in."""
    sizes = [*rows, list_rows]
    tables: list[Model[Ints2d, Floats2d]] = [
        HashEmbed(width, size, column=column, seed=20 + column, dropout=0.0)
        for column, size in enumerate(sizes)
    ]
    mix = Maxout(width, width * len(sizes), nP=3, dropout=0.0, normalize=True)
    return chain(
        features_and_lists(attrs),
        list2ragged(),
        with_array(concatenate(*tables)),
        with_array(mix),
        ragged2list(),
    )


def features_and_lists(attrs: list[str]) -> Model[list[Doc], list[Ints2d]]:
    """Make the layer that writes each token's features as a row of numbers."""
    features = FeatureExtractor(attrs)

    def forward(
        _model: Model[list[Doc], list[Ints2d]],
        docs: list[Doc],
        is_train: bool,  # noqa: ARG001 (thinc passes it by name)
    ) -> tuple[list[Ints2d], Callable[[list[Ints2d]], list[Doc]]]:
        columns = features.predict(docs)
        rows = [
            cast(Ints2d, numpy.hstack([numpy.asarray(column), list_masks(doc)]))
            for column, doc in zip(columns, docs, strict=True)
        ]
        return rows, _no_gradient

    return Model("features_and_lists", forward)


def _no_gradient(_gradient: list[Ints2d]) -> list[Doc]:
    """Give nothing back: texts do not learn."""
    return []


def list_masks(doc: Doc) -> NDArray[numpy.uint64]:
    """Look up the mask of each token, as a column of numbers."""
    table = doc.vocab.lookups.get_table(NAME_CLASSES)
    # The table's own `get` hashes its key once more; dict.get takes the hash that the token has.
    masks = [dict.get(table, token.lower, 0) for token in doc]
    return numpy.asarray(masks, dtype="uint64").reshape(-1, 1)


@Language.component(CONSISTENT_NAMES, retokenizes=False, assigns=["doc.ents"])
def agree_names(doc: Doc) -> Doc:
    """Make the names of a document agree."""
    names = [Name(entity.start, entity.end, entity.label_) for entity in doc.ents]
    agreed = agree([token.text for token in doc], names)
    if agreed != names:
        kept = {(entity.start, entity.end, entity.label_): entity for entity in doc.ents}
        doc.ents = tuple(
            kept.get((name.start, name.end, name.label))
            or Span(doc, name.start, name.end, label=name.label)
            for name in agreed
        )
    return doc
