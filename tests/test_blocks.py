import pytest
from lxml import html

from schemas.vocabulary import Reason, Rejected
from transforms.blocks import MAX_VISIBLE_LENGTH, drop_furniture, read_blocks

TEXT = "The council of Pell Harbour met on Tuesday and put off its vote on the ferry line again."


def parse(body: str) -> html.HtmlElement:
    return html.document_fromstring(f"<html><body>{body}</body></html>")


def texts(body: str) -> list[str]:
    return [block.text for block in read_blocks(parse(body))]


def test_blocks_end_where_a_browser_would_break_the_line() -> None:
    body = "<h1>Ferry</h1>Loose <b>bold</b> text<p>One<br>two</p><ul><li>three</li></ul>after"
    assert texts(body) == ["Ferry", "Loose bold text", "One", "two", "three", "after"]


def test_the_cells_of_a_row_are_one_block() -> None:
    assert texts("<table><tr><td>Ferry</td><td>12</td></tr></table>") == ["Ferry | 12"]


def test_a_block_knows_its_links_and_the_families_of_its_containers() -> None:
    (block,) = read_blocks(parse("<div class='Related-Stories'><a href=/x>More news</a></div>"))
    assert block.num_link_chars == block.num_chars == len("More news")
    assert block.num_links == 1
    assert block.container.families
    assert not read_blocks(parse("<div class=zzz>More news</div>"))[0].container.families


def test_what_is_hidden_hides_all_inside() -> None:
    (block,) = read_blocks(parse("<div style='display: none'><div><p>Unseen</p></div></div>"))
    assert block.container.is_hidden


def test_a_list_of_links_is_dropped_from_tree_and_blocks() -> None:
    links = "".join(f"<li><a href=/{n}>Another story of today {n}</a></li>" for n in range(5))
    tree = parse(f"<main><p>{TEXT}</p></main><div id=rail><ul>{links}</ul></div>")
    assert [block.text for block in drop_furniture(read_blocks(tree))] == [TEXT]
    assert "Another story" not in tree.text_content()


def test_links_within_the_text_and_a_heading_are_kept() -> None:
    body = f"<div><h1><a href=/>Ferry vote put off once more by council</a></h1></div><p>{TEXT}</p>"
    tree = parse(body)
    assert len(drop_furniture(read_blocks(tree))) == 2
    assert TEXT in tree.text_content()


def test_counts_follow_what_is_dropped() -> None:
    links = "<ul>" + "<li><a href=/>Some other story</a></li>" * 9 + "</ul>"
    blocks = drop_furniture(read_blocks(parse(f"<div><p>{TEXT}</p>{links}</div>")))
    body = blocks[0].container
    while body.parent is not None:
        body = body.parent
    assert body.num_words == blocks[0].num_words
    assert body.num_blocks == 1


def test_an_empty_container_is_dropped_from_the_tree_but_for_one_in_a_small_box() -> None:
    advert = "<div class=slot><div></div></div>tail"
    text = "".join(f"<p>{TEXT}</p>" for _ in range(9))
    box = "<aside><div class=picture></div><p>Another story</p></aside>"
    tree = parse(f"<main>{text}{advert}{box}</main>")
    read_blocks(tree)
    assert tree.find(".//div[@class='slot']") is None
    assert tree.find(".//div[@class='picture']") is not None
    assert "tail" in tree.text_content()


def test_more_text_than_any_article_has_is_a_broken_page() -> None:
    with pytest.raises(Rejected) as rejected:
        read_blocks(parse(f"<p>{'word ' * (MAX_VISIBLE_LENGTH // 5)}</p><p>more</p>"))
    assert rejected.value.reason is Reason.BROKEN_PAGE
