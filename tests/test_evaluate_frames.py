"""Predicates and the spans of their roles are scored against gold frames."""

import json
import lzma
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from pipelines.evaluate_frames import evaluate_frames
from transforms.language import SHIPPED_MODEL
from transforms.roles import EXTENSION, GIVEN, RoleFrame, frames_on

GOLD = [
    {
        "words": ["Rebels", "attacked", "the", "village", "yesterday", "."],
        "space_after": [1, 1, 1, 1, 0, 1],
        "frames": [
            {
                "predicate": 1,
                "arguments": [["ARG0", 0, 1], ["ARG1", 2, 4], ["ARGM-TMP", 4, 5]],
            }
        ],
    },
    {
        "words": ["Two", "soldiers", "were", "not", "freed", "by", "the", "rebels", "."],
        "space_after": [1, 1, 1, 1, 1, 1, 1, 0, 1],
        "frames": [
            {"predicate": 2, "arguments": []},
            {
                "predicate": 4,
                "arguments": [["ARG1", 0, 2], ["ARGM-NEG", 3, 4], ["ARG0", 5, 8]],
            },
        ],
    },
]


def write_gold(path: Path) -> Path:
    text = "".join(json.dumps(sentence) + "\n" for sentence in GOLD)
    path.write_bytes(lzma.compress(text.encode()))
    return path


@Language.component("test_no_frames")
def no_frames(doc: Doc) -> Doc:
    """Forget the frames, as a pipeline without a part for them has none."""
    doc._.set(EXTENSION, None)
    return doc


def parse_alone() -> Language:
    """Give the shipped pipeline as one that reads no frames."""
    nlp = spacy.load(SHIPPED_MODEL)
    nlp.add_pipe("test_no_frames")
    return nlp


def test_a_pipeline_without_roles_is_read_off_its_parse(tmp_path: Path) -> None:
    scores = evaluate_frames(parse_alone(), write_gold(tmp_path / "dev.jsonl.xz"))
    assert scores.source == "parse"
    assert scores.num_sentences == 2
    assert scores.predicates.f1 == 1
    assert scores.arguments.f1 == 1
    assert scores.arguments.gold == 6
    assert scores.lines()[0] == "frames from the parse, 2 sentences"


@Language.component("test_one_role")
def one_role(doc: Doc) -> Doc:
    """Call every given word, else the second, a predicate done by the first word."""
    predicates = doc.user_data.get(GIVEN, (1,))
    doc._.frames = tuple(RoleFrame(word, ((0, 1, "ARG0"),)) for word in predicates)
    return doc


def test_frames_that_a_model_leaves_on_a_text_are_what_is_scored(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("test_one_role")
    scores = evaluate_frames(nlp, write_gold(tmp_path / "dev.jsonl.xz"))
    assert scores.source == "model"
    assert (scores.predicates.right, scores.predicates.found, scores.predicates.gold) == (1, 2, 3)
    assert (scores.arguments.right, scores.arguments.found) == (1, 3)  # given the predicates
    assert scores.unlabelled.gold == 6


def test_a_text_without_a_part_for_frames_has_none() -> None:
    assert frames_on(spacy.blank("en")("Rebels attacked.")) is None
