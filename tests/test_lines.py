from datetime import UTC, datetime

import pytest

from schemas.flow import Line
from transforms.block_features import FEATURES, Hints, describe
from transforms.block_model import load_model, make_model
from transforms.blocks import read_blocks
from transforms.lines import MODEL_RULE, choose_lines, describe_page
from transforms.markup import parse_page, trim_tree
from transforms.metadata import read_metadata

NOW = datetime(2026, 3, 20, tzinfo=UTC)
PARAGRAPHS = [
    "The council of Pell Harbour met on Tuesday and put off its vote on the ferry line once more.",
    "Nobody could say when the vote would be held, and the mayor had left before the end of it.",
    "The line has run since 1911, and the company wants to close it in the autumn of this year.",
    "A petition against the plan has been signed by some 4,000 people, the harbour union says.",
]


def lines_of(body: str) -> tuple[Line, ...]:
    tree = parse_page(f"<html><head><title>Vote put off</title></head><body>{body}</body></html>")
    metadata = read_metadata(tree, "https://selvara.example/vote", latest=NOW)
    trim_tree(tree)
    return choose_lines(describe_page(tree, metadata, "https://selvara.example/vote"), metadata)


def text_of(lines: tuple[Line, ...]) -> list[str]:
    return [line.text for line in lines if line.rule is None]


def test_the_paragraphs_of_an_article_are_its_lines() -> None:
    body = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    menu = "<ul>" + "<li><a href=/s>Section of the site</a></li>" * 9 + "</ul>"
    found = lines_of(f"<div>{menu}</div><article><h1>Vote put off</h1>{body}</article>{menu}")
    assert text_of(found) == PARAGRAPHS
    assert {line.kind for line in found if line.rule is None} == {"body"}


def test_what_only_the_extractor_took_for_text_is_on_record() -> None:
    body = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    found = lines_of(f"<article><h1>Vote put off</h1>{body}</article>")
    assert Line(text="Vote put off", kind="title", rule=MODEL_RULE) in found


def test_a_body_broken_into_boxes_is_given_back_whole() -> None:
    boxes = "".join(
        f"<section><div class='story-body'><p>{text}</p></div></section><aside>Ad</aside>"
        for text in PARAGRAPHS
    )
    assert text_of(lines_of(f"<main>{boxes}</main>")) == PARAGRAPHS


def test_a_page_without_text_has_no_lines() -> None:
    assert lines_of("<div></div>") == ()


def test_each_block_has_every_feature() -> None:
    tree = parse_page("<html><body><h1>One</h1><p>Two three.</p></body></html>")
    assert describe(read_blocks(tree), Hints()).shape == (2, len(FEATURES))


def test_the_model_is_read_from_its_table() -> None:
    table = [
        ("0", "0", "words", "1.0", "1", "2", ""),
        ("0", "1", "", "", "", "", "-1"),
        ("0", "2", "", "", "", "", "2"),
        ("1", "0", "", "", "", "", "1"),
    ]
    names = ("tree", "node", "feature", "threshold", "left", "right", "value")
    model = make_model(dict(zip(names, row, strict=True)) for row in table)
    tree = parse_page("<html><body><p>One</p><p>Two three four.</p></body></html>")
    chances = model.probabilities(describe(read_blocks(tree), Hints()))
    assert chances[0] == pytest.approx(0.5)
    assert chances[1] == pytest.approx(0.9526, abs=1e-4)


def test_the_shipped_model_knows_only_features_that_are_there() -> None:
    assert load_model().depth > 1
