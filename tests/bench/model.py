"""Read the same articles by the shipped model, with less and with more, and by a spaCy CNN.

In: the bundled site's texts, cut to articles of 600 words. Out: articles a second of one core for
each, side by side, what actors and events add to the model, and the ratios to the CNN: of all that
the model reads, and of the work that both do (ours is asked for no predicate's roles, which the CNN
does not read). The CNN is spaCy's usual one (tagger and parser on one network, names on another,
width 96), taught for a few steps on what our model reads, so that it does the work of a trained
one. Rounds alternate, and the best of each counts: noise only ever adds time.

    make bench-model
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from schemas.flow import RunContext
from schemas.rows import ArticleRevision
from schemas.vocabulary import ChangeType
from transforms.annotate import Reader, load_reader, read_text
from transforms.roles import GIVEN

WORDS = 600
ARTICLES = 8
ROUNDS = 3
STEPS = 4
NOW = datetime(2026, 3, 9, tzinfo=UTC)


def articles() -> list[str]:
    """Make articles of 600 words from the bundled site."""
    sites = (p for p in (files("seeds") / "site").iterdir() if (p / "articles").is_dir())
    paths = sorted(sites, key=lambda site: site.name)
    paragraphs = [
        paragraph
        for path in paths
        for page in sorted((path / "articles").iterdir(), key=lambda page: page.name)
        for paragraph in page.read_text(encoding="utf-8").split("\n\n")[1:]
        if len(paragraph.split()) > 15
    ]
    made: list[list[str]] = [[]]
    size = 0
    for paragraph in paragraphs:
        made[-1].append(paragraph)
        size += len(paragraph.split())
        if size >= WORDS:
            made.append([])
            size = 0
    return ["\n\n".join(each) for each in made[:ARTICLES]]


def make_cnn(texts: Sequence[str], teacher: Language) -> Language:
    """Make spaCy's usual pipeline of a CNN, taught a little by another pipeline."""
    nlp = spacy.blank("en")
    shared = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "tok2vec"}
    nlp.add_pipe("tok2vec")
    nlp.add_pipe("tagger", config={"model": {"tok2vec": shared}})
    nlp.add_pipe("parser", config={"model": {"tok2vec": shared}})
    nlp.add_pipe("ner")
    examples = []
    for doc in teacher.pipe(texts):
        heads, deps = [t.head.i for t in doc], [t.dep_ for t in doc]
        words, spaces = [t.text for t in doc], [bool(t.whitespace_) for t in doc]
        tags, names = [t.tag_ for t in doc], [(e.start, e.end, e.label_) for e in doc.ents]
        gold = Doc(nlp.vocab, words, spaces, tags=tags, heads=heads, deps=deps)
        gold.ents = [Span(gold, a, b, label) for a, b, label in names]
        examples.append(Example(Doc(nlp.vocab, words, spaces), gold))
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(STEPS):
        nlp.update(examples, sgd=optimizer)
    return nlp


def read_events(reader: Reader, text: str) -> int:
    """Read a text whole, as a run does, and count its event mentions."""
    revision = ArticleRevision(
        revision_id="r",
        article_id="a",
        change_type=ChangeType.INITIAL,
        text=text,
        text_sha256="",
        num_words=WORDS,
        date_published=NOW,
        fetched_at=NOW,
        extractor_version="",
        run_id="r",
    )
    return len(read_text(revision, reader, RunContext(run_id="r", now=NOW))[1])


def read_without_roles(nlp: Language, text: str) -> Doc:
    """Read what a spaCy CNN reads too, and no roles."""
    doc = nlp.make_doc(text)
    doc.user_data[GIVEN] = ()
    return nlp(doc)


def seconds(read: Callable[[str], object], texts: Sequence[str]) -> float:
    """Give the CPU seconds that reading all texts takes."""
    began = time.process_time()
    for text in texts:
        read(text)
    return time.process_time() - began


def main() -> None:
    """Measure and print."""
    texts = articles()
    site = files("seeds") / "site"
    reader = load_reader(None, str(site / "places.csv"), str(site / "actors.csv"))
    ours = reader.nlp
    cnn = make_cnn(texts, ours)
    times: dict[str, list[float]] = {"ours": [], "same": [], "events": [], "cnn": []}
    found = sum(read_events(reader, text) for text in texts)  # and everything is loaded
    for _ in range(ROUNDS):
        times["ours"].append(seconds(ours, texts))
        times["same"].append(seconds(partial(read_without_roles, ours), texts))
        times["events"].append(seconds(partial(read_events, reader), texts))
        times["cnn"].append(seconds(cnn, texts))
    speeds = {name: len(texts) / min(spent) for name, spent in times.items()}
    words = sum(len(text.split()) for text in texts) / len(texts)
    print(f"{len(texts)} articles of {words:.0f} words, one core, best of {ROUNDS} rounds")
    print(f"our model        {speeds['ours']:.2f} articles/s: names, tags, trees, lemmas, roles")
    print(f"without roles    {speeds['same']:.2f} articles/s: names, tags, trees, lemmas")
    added = speeds["ours"] / speeds["events"] - 1
    print(f"with events      {speeds['events']:.2f} articles/s: {added:.0%} added, {found} events")
    print(f"spaCy CNN        {speeds['cnn']:.2f} articles/s: names, tags, trees")
    print(f"ratio            {speeds['ours'] / speeds['cnn']:.2f}")
    print(f"  without roles  {speeds['same'] / speeds['cnn']:.2f}")


if __name__ == "__main__":
    main()
