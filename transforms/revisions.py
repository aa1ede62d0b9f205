"""Give a version of an article its text, and with it its id.

Comes in: a revision's row and a text. Goes out: the row with all columns that follow from the
text. Nothing is rejected. Pure.
"""

from dataclasses import replace

from schemas.columns import content_id
from schemas.rows import ArticleRevision
from transforms.text import letters, num_words, text_sha256


def with_text(revision: ArticleRevision, text: str) -> ArticleRevision:
    """Give the revision this text, and the hashes, count and id that follow from it.

    A new correction note makes a new version even where the text is as it was.
    """
    note = [] if revision.correction_text is None else [revision.correction_text]
    return replace(
        revision,
        revision_id=content_id(revision.article_id, revision.headline, text, *note),
        text=text,
        text_sha256=text_sha256(text),
        words_sha256=text_sha256(letters(text)),
        num_words=num_words(text),
    )
