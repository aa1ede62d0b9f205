import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from schemas.columns import content_id
from schemas.flow import ExtractedArticle, SiteLines
from schemas.rows import Article, ArticleRevision, Entry
from schemas.vocabulary import ChangeType, Reason, Rejected
from transforms.clean import clean_article, find_rule, load_rules
from transforms.text import join_paragraphs, num_words, text_sha256

NOW = datetime(2026, 3, 10, tzinfo=UTC)
FIRST = "The ferry company of Pell Harbour stopped all sailings on Tuesday after a fire on board."
SECOND = "Nobody was hurt, the harbour police said, and the cause is being looked into."


def extracted(
    *lines: str, headline: str | None = None, note: str | None = None
) -> ExtractedArticle:
    url = "https://selvara.example/a"
    entry = Entry(entry_id="e", url=url, url_key="k", version="v", first_seen_at=NOW, run_id="run")
    article = Article(
        article_id="a", url=url, canonical_url=url, url_key="k", first_seen_at=NOW, run_id="run"
    )
    revision = ArticleRevision(
        revision_id="r",
        article_id="a",
        change_type=ChangeType.INITIAL,
        correction_text=note,
        headline=headline,
        text=join_paragraphs(lines),
        text_sha256="",
        num_words=0,
        fetched_at=NOW,
        extractor_version="test",
        run_id="run",
    )
    return ExtractedArticle(entry=entry, article=article, revision=revision)


def cleaned_lines(*lines: str, headline: str | None = None) -> list[str]:
    return clean_article(extracted(*lines, headline=headline)).revision.text.split("\n\n")


@pytest.mark.parametrize(
    "line",
    [
        "In Other News",
        "Load More",
        "Load more stories",
        "Read more: Ferry fire under control",
        "READ ALSO: Mayor to step down",
        "Sign up for our daily newsletter",
        "Subscribe to the Selvara Times for 1 a week",
        "Share this article",
        "Share on Facebook",
        "Share Tweet Email",
        "Follow Selvara Times on Facebook, and on X.",
        "Follow @adavell on Twitter",
        "Advertisement",
        "ADVERTISEMENT - SCROLL TO CONTINUE",
        "© 2026 Times House. All rights reserved.",
        "Photo: NPA / Ada Vell",
        "A ferry in Pell Harbour (Photo by Ada Vell/NPA via Getty Images)",
        "Most read",
        "Related stories",
        "You may also like",
        "Download the Selvara Times app",
        "About the author",
        "Reporting by Ada Vell; Editing by Oren Tamm",
        "Ada Vell in Meldt contributed to this report.",
        "Tags: ferry, harbour, fire",
        "Story continues below advertisement",
        "37 comments",
        "5 min read",
        "Published: 10 March 2026, 08:30",
        "Lesen Sie auch",
        "À lire aussi",
    ],
)
def test_boilerplate_that_stands_alone_is_known(line: str) -> None:
    assert find_rule(line) is not None
    assert cleaned_lines(FIRST, line, SECOND) == [FIRST, SECOND]


@pytest.mark.parametrize(
    "line",
    [
        "More than 200 people were killed in the attack, officials said.",
        "More on Friday than on Thursday, he said.",
        "Related industries lost 400 jobs in March.",
        "Share prices in Meldt fell by 3 percent on Tuesday.",
        "Photographs of the scene showed a burnt-out bus.",
        "The company said it would follow the order of the court.",
        "Subscribers to the line lost power in three towns on Monday.",
        "Comments by the minister angered the union.",
        "Trending upwards since May, the price of bread doubled.",
        "“Watch what they do,” Olmedo said.",
        "Police said they read more than 300 letters.",
        "The latest attack killed nine soldiers.",
        "Fighting goes on",
        "Like it or not, the ferry will close.",
        "Do you have a view on how we might end this war?",
        "“What do you think of these photos?” he asked.",
        "Already the army has taken three villages.",
        "Reporters from four countries were on the ship.",
        "Contacts between the two governments broke down in May.",
        "By creating a new ministry, the president split the party.",
    ],
)
def test_sentences_and_headings_of_the_article_stay(line: str) -> None:
    assert cleaned_lines(FIRST, line, SECOND) == [FIRST, line, SECOND]


def test_every_removed_line_is_on_record_with_its_rule() -> None:
    article = clean_article(extracted("Ferry fire", FIRST, "Load More", headline="Ferry fire"))
    assert [
        (block.position, block.text, block.kind, block.rule) for block in article.removed_blocks
    ] == [
        (0, "Ferry fire", "title", "repeated_headline"),
        (2, "Load More", "related", "load_more"),
    ]
    assert article.revision.num_removed_blocks == 2


def test_a_variant_of_the_headline_goes_and_a_first_sentence_in_its_words_stays() -> None:
    title = "Ferry burns off Pell Harbour in Velmark"
    assert cleaned_lines("Ferry burns off Pell Harbour", FIRST, headline=title) == [FIRST]
    sentence = "A ferry burns off Pell Harbour in Velmark."
    assert cleaned_lines(sentence, FIRST, headline=title) == [sentence, FIRST]


def test_columns_that_follow_from_the_text_are_made_anew() -> None:
    revision = clean_article(extracted(FIRST, "Load More", headline="Ferry fire")).revision
    assert revision.text_sha256 == text_sha256(FIRST)
    assert revision.num_words == num_words(FIRST)
    assert revision.revision_id == content_id("a", "Ferry fire", FIRST)


def test_headlines_under_a_heading_of_teasers_go_with_it() -> None:
    teasers = ["Rovers win the cup after a late goal", "Bank leaves rates unchanged"]
    assert cleaned_lines(FIRST, SECOND, "In Other News", *teasers, "Load More") == [FIRST, SECOND]


def test_teasers_within_the_text_go_and_the_next_heading_stays() -> None:
    lines = [
        FIRST,
        "Related stories",
        "Rovers win the cup after a late goal",
        "What is next",
        SECOND,
    ]
    assert cleaned_lines(*lines) == [FIRST, "What is next", SECOND]


def test_a_single_teaser_within_the_text_goes_with_its_heading() -> None:
    assert cleaned_lines(FIRST, "SEE ALSO", "Today's exchange rates", SECOND) == [FIRST, SECOND]


def test_an_author_s_life_goes_after_the_text_and_stays_within_it() -> None:
    life = "Ada Vell is a reporter for the Selvara Times, based in Meldt."
    long = [
        FIRST,
        life,
        SECOND,
        FIRST + " Once more.",
        SECOND + " Again.",
        "It rained.",
        "It snowed.",
    ]
    assert cleaned_lines(*long) == long
    assert cleaned_lines(FIRST, SECOND, life) == [FIRST, SECOND]


def test_the_byline_before_the_text_goes() -> None:
    assert cleaned_lines("By Ada Vell", FIRST, SECOND) == [FIRST, SECOND]


def test_headlines_that_trail_after_the_last_sentence_go() -> None:
    trailing = [
        "Rovers win the cup after a late goal",
        "Central bank leaves interest rates unchanged",
        "Storm leaves thousands without power in the north",
    ]
    assert cleaned_lines(FIRST, SECOND, *trailing) == [FIRST, SECOND]


def test_a_list_of_results_at_the_end_stays() -> None:
    results = ["Rovers: 3 points", "United: 2 points", "Harbour: 1 point"]
    assert cleaned_lines(FIRST, *results) == [FIRST, *results]


def test_the_dateline_moves_from_the_text_to_its_columns() -> None:
    revision = clean_article(extracted(f"PELL HARBOUR, Velmark (NPA) — {FIRST}", SECOND)).revision
    assert revision.text.startswith("The ferry company")
    assert revision.dateline == "PELL HARBOUR, Velmark (NPA)"
    assert (revision.dateline_place, revision.dateline_agency) == ("PELL HARBOUR", "NPA")


def test_speakers_of_a_transcript_are_no_datelines() -> None:
    lines = [f"ADA VELL: {FIRST}", f"OREN TAMM: {SECOND}"]
    assert cleaned_lines(*lines) == lines
    assert cleaned_lines(f"MELDT: {FIRST}", SECOND) == [FIRST, SECOND]


def test_a_correction_note_moves_from_the_text_to_its_column() -> None:
    note = "Correction: An earlier version of this article said two ships had burned."
    article = clean_article(extracted(FIRST, note, note=note))
    assert article.revision.text == FIRST
    assert article.revision.correction_text == note
    assert article.removed_blocks[0].kind == "correction"
    assert article.revision.revision_id != clean_article(extracted(FIRST)).revision.revision_id


def test_a_withdrawal_notice_is_left_as_it_is() -> None:
    notice = extracted("This article has been withdrawn.")
    withdrawn = replace(notice, revision=replace(notice.revision, change_type=ChangeType.WITHDRAWN))
    assert clean_article(withdrawn) == withdrawn


def test_a_text_of_nothing_but_boilerplate_is_rejected() -> None:
    with pytest.raises(Rejected) as rejected:
        clean_article(extracted("In Other News", "Load More"))
    assert rejected.value.reason is Reason.NO_TEXT


def test_cleaning_twice_changes_nothing() -> None:
    once = clean_article(extracted("SELVARA — " + FIRST, SECOND, "In Other News", "Load More"))
    again = clean_article(once)
    assert again.revision.text == once.revision.text


def test_every_rule_has_its_own_name_a_kind_and_a_bounded_pattern() -> None:
    rules = load_rules()
    assert len({rule.name for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.kind in {"promo", "related", "share", "legal", "credit", "bio"}
        assert not re.search(r"[^\\][*+]", re.sub(r"\[[^\]]*\]", "", rule.pattern.pattern)), (
            rule.name
        )


def test_a_line_that_repeats_across_the_site_goes_and_is_on_record() -> None:
    line = "Get the harbour letter every morning"
    article = extracted(FIRST, line, SECOND)
    site = article.article.publisher_domain or ""
    learned = SiteLines(learned={(site, line): NOW - timedelta(days=1)})
    cleaned = clean_article(article, learned)
    assert cleaned.revision.text.split("\n\n") == [FIRST, SECOND]
    assert [(block.text, block.rule) for block in cleaned.removed_blocks] == [
        (line, "repeated_on_site")
    ]
    early = SiteLines(learned={(site, line): NOW})
    assert clean_article(article, early).removed_blocks == ()


def test_a_sentence_of_background_that_repeats_stays() -> None:
    article = extracted(FIRST, SECOND)
    site = article.article.publisher_domain or ""
    learned = SiteLines(learned={(site, SECOND): NOW - timedelta(days=1)})
    assert clean_article(article, learned).removed_blocks == ()
