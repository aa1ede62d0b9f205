from transforms.markup import parse_page
from transforms.rescue import rescue_paragraphs

PARAGRAPHS = [
    f"Paragraph {number} says that the council of Pell Harbour met again and put off its vote."
    for number in ("one", "two", "three", "four", "five", "six")
]


def boxes(paragraphs: list[str], *, kind: str = "box") -> str:
    return "".join(
        f"<div class='{kind}'><p>{text}</p><aside>Ad</aside></div>" for text in paragraphs
    )


def test_lost_boxes_of_the_same_kind_come_back_in_their_place() -> None:
    tree = parse_page(f"<article>{boxes(PARAGRAPHS)}</article>")
    lines = [PARAGRAPHS[0], PARAGRAPHS[1], "Heading", PARAGRAPHS[4]]
    assert rescue_paragraphs(tree, lines) == [
        PARAGRAPHS[0],
        PARAGRAPHS[1],
        PARAGRAPHS[2],
        PARAGRAPHS[3],
        "Heading",
        PARAGRAPHS[4],
        PARAGRAPHS[5],
    ]


def test_boxes_of_another_kind_or_another_article_stay_out() -> None:
    teasers = boxes(PARAGRAPHS[3:], kind="teaser") + f"<main>{boxes(PARAGRAPHS[3:])}</main>"
    tree = parse_page(f"<body><article>{boxes(PARAGRAPHS[:3])}</article>{teasers}</body>")
    assert rescue_paragraphs(tree, PARAGRAPHS[:3]) == PARAGRAPHS[:3]


def test_paragraphs_made_of_links_stay_out() -> None:
    links = "".join(f"<div class='box'><p><a href='/a'>{text}</a></p></div>" for text in PARAGRAPHS)
    tree = parse_page(
        f"<article>{boxes(['A ' + PARAGRAPHS[0], 'B ' + PARAGRAPHS[1]])}{links}</article>"
    )
    lines = ["A " + PARAGRAPHS[0], "B " + PARAGRAPHS[1]]
    assert rescue_paragraphs(tree, lines) == lines


def test_a_line_that_lost_the_words_of_a_link_is_made_whole() -> None:
    whole = (
        "The council of Pell Harbour has voted to close the old ferry line to the islands in May."
    )
    cut = "The council of Pell Harbour has voted to the old ferry line to the islands in May."
    tree = parse_page(f"<article><p>{whole}</p></article>")
    assert rescue_paragraphs(tree, [cut]) == [whole]
