"""Tell an article from what stands in its place: walls, errors, indexes, empty shells.

Comes in: all blocks of the page, its metadata and the paragraphs found. Goes out: nothing; the page
passes. Rejected: BOT_CHECK, SOFT_404, PAYWALL, NO_TEXT. Pure.

What a wall says is believed only where there is little text: an article about captchas is an
article. Words are counted in paragraphs that end as sentences do, since menus and headlines, of
which index pages are made, do not.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from schemas.vocabulary import Reason, Rejected
from transforms.blocks import Block
from transforms.metadata import Metadata
from transforms.text import ends_sentence, num_words

MIN_SENTENCE_WORDS = 20  # the shortest real news briefs have 25 to 30 words
MIN_LIST_WORDS = 150  # of an article that is a list (results, winners), on a page that declares it
MAX_WALL_WORDS = 60  # a longer opening before a paywall tells the event; it is kept, and flagged
MAX_PAID_WORDS = (
    40  # below it a page declared as paid shows a stub; paid sites have whole briefs too
)
MAX_BOT_PAGE_WORDS = 300  # of the whole page
MIN_PARAGRAPH_WORDS = 5
MIN_INDEX_LINKS = 8  # linked headings on a page that declares no article
MAX_TEASER_WORDS = 60  # the longest paragraph of an index page

MAX_VIDEO_WORDS = 150  # an article with a video in it is an article
_GALLERIES = frozenset(("ImageGallery", "MediaGallery"))
_VIDEOS = frozenset(("VideoObject", "video.other", "video.movie", "video.episode", "video"))
_LIVE = re.compile(
    r"(?:^|[/_-])(?:live(?:[-_]?(?:blog|updates?|ticker|news|story))|liveticker)(?:[/_-]|$)"
)
_GALLERY = re.compile(
    r"/(?:photo-?)?(?:galler(?:y|ies|ie|ia)|slideshows?|fotostrecke|bildergalerie)[/-]"
)
_VIDEO = re.compile(r"/(?:videos?|watch)/")

_BOT = re.compile(
    r"verify (?:that )?you are (?:a )?human|are you a (?:robot|human)|not a robot|unusual traffic|"
    r"checking your browser|just a moment\.\.\.|security of your connection|"
    r"enable javascript and cookies|"
    r"access denied|access to this page has been denied|request (?:was )?blocked|captcha|"
    r"pardon our interruption|"
    r"attention required|ddos protection|please enable (?:js|javascript|cookies)|"
    r"before you continue to|"
    r"we value your privacy|consent to (?:the use of )?cookies|accept (?:all )?cookies to continue|"
    r"sign in to continue|log in to continue|please log in",
    re.IGNORECASE,
)
_SOFT_404 = re.compile(
    r"\b404\b|(?:page|article|story|content|address|url)(?: (?:that )?you(?:['’]re| are|"
    r" were)? (?:\w+ ){0,3}?for)? "
    r"(?:(?:could |can)?not|can['’]t|couldn['’]t|cannot|isn['’]t|is not|is no longer|was not|"
    r"no longer|has been moved|doesn['’]t|does not)"
    r"(?: be)? ?(?:found|available|here|exists?)?|not found|nothing (?:was )?found|"
    r"no longer available",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"(?:subscribe|sign up|register|log in|sign in|join)\b[^.]{0,40}? to (?:continue|keep|read|"
    r"unlock|view|access|finish)|"
    r"to (?:continue|keep) reading|continue reading (?:this|your|with|for)|(?:for|to|"
    r"available to|exclusive to) "
    r"(?:our )?(?:subscribers|members)(?: only)?|subscribers[- ]only|already a (?:subscriber|"
    r"member)|"
    r"(?:free|remaining) articles? (?:this month|remaining|left)|unlock (?:this|"
    r"the) (?:full )?(?:article|story)|"
    r"read the (?:full|rest of the) (?:article|story) (?:with|by)|become a (?:subscriber|"
    r"member) to",
    re.IGNORECASE,
)


def pub_status(metadata: Metadata, url: str, num_words_found: int) -> str:
    """Tell a finished article from a live blog, a gallery and a page that accompanies a video."""
    path = urlsplit(url).path
    if "LiveBlogPosting" in metadata.types or _LIVE.search(path):
        return "live"
    if metadata.types & _GALLERIES or _GALLERY.search(path):
        return "gallery"
    is_video = bool(metadata.types & _VIDEOS) or _VIDEO.search(path) is not None
    return "video" if is_video and num_words_found < MAX_VIDEO_WORDS else "usable"


def sentence_words(paragraphs: list[str]) -> int:
    """Count the words in paragraphs that are made of sentences."""
    counts = (num_words(paragraph) for paragraph in paragraphs if ends_sentence(paragraph))
    return sum(count for count in counts if count >= MIN_PARAGRAPH_WORDS)


def check_article(
    blocks: Sequence[Block], metadata: Metadata, paragraphs: list[str], url: str
) -> None:
    """Reject the page unless an article stands on it."""
    found = sentence_words(paragraphs)
    if found < MAX_WALL_WORDS:
        _check_walls(blocks, metadata, found)
    if _is_index(blocks, metadata, paragraphs, url):
        raise Rejected(Reason.NO_TEXT, "a page of headlines with links")
    is_list = metadata.is_article and sum(map(num_words, paragraphs)) >= MIN_LIST_WORDS
    if found < MIN_SENTENCE_WORDS and not is_list:
        raise Rejected(Reason.NO_TEXT, f"{found} words in sentences")


def _check_walls(blocks: Sequence[Block], metadata: Metadata, found: int) -> None:
    """Reject what says of itself that the article is not there."""
    whole = " ".join(block.text for block in blocks)
    headings = (block.text for block in blocks if block.container.tag == "h1")
    titles = [metadata.title or "", *headings]
    named = " . ".join(title[:200] for title in titles)
    is_small = num_words(whole) < MAX_BOT_PAGE_WORDS
    if is_small and (match := _BOT.search(f"{named} . {whole}")):
        raise Rejected(Reason.BOT_CHECK, f"says {match[0]!r}")
    if match := _SOFT_404.search(named):
        raise Rejected(Reason.SOFT_404, f"says {match[0]!r}")
    if metadata.is_accessible_for_free is False and found < MAX_PAID_WORDS:
        raise Rejected(Reason.PAYWALL, f"declared as paid, {found} words to read")
    if match := _PAYWALL.search(whole):
        raise Rejected(Reason.PAYWALL, f"says {match[0]!r}, {found} words to read")


def _is_index(blocks: Sequence[Block], metadata: Metadata, paragraphs: list[str], url: str) -> bool:
    """Tell a front or section page: no article declared, many linked headings, short paragraphs."""
    if metadata.is_article and urlsplit(url).path.strip("/"):
        return False
    if max(map(num_words, paragraphs), default=0) > MAX_TEASER_WORDS:
        return False
    linked = sum(
        block.num_links > 0 or block.num_link_chars > 0
        for block in blocks
        if block.container.tag in ("h1", "h2", "h3", "h4")
    )
    return linked >= MIN_INDEX_LINKS
