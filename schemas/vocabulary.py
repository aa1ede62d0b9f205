"""The closed lists that columns draw their values from, and the exception that carries a reason."""

from enum import StrEnum


class Reason(StrEnum):
    """Why an element did not go on: the closed list behind `rejections.reason`."""

    # feeds and pages, on the wire
    ADDRESS_REFUSED = "address_refused"  # scheme, port or network address that we never open
    UNREACHABLE = "unreachable"  # no DNS answer, connection refused or reset, TLS failure
    TIMEOUT = "timeout"  # no whole answer before the deadline
    TOO_LARGE = "too_large"  # more bytes than the cap, or a compression bomb
    TOO_MANY_REDIRECTS = "too_many_redirects"
    BAD_RESPONSE = "bad_response"  # not HTTP as agreed: lying length, broken coding, odd status
    GONE = "gone"  # 404 or 410
    FORBIDDEN = "forbidden"  # 401, 402, 403, 407, 451
    RATE_LIMITED = "rate_limited"  # 429, or a wait that the server asked for
    SERVER_ERROR = "server_error"  # 5xx
    ROBOTS_DISALLOWED = "robots_disallowed"
    # what a feed turned out to be
    NOT_A_FEED = "not_a_feed"  # HTML, a bot page, an empty body
    BROKEN_FEED = "broken_feed"  # a feed of a known kind that cannot be read, or is made to harm
    NO_ADDRESS = "no_address"  # an entry without a usable link
    DAMAGED_ARCHIVE = "damaged_archive"  # bytes of a WARC file that no record can be read from
    # what a page turned out to be
    NOT_HTML = "not_html"
    BROKEN_PAGE = "broken_page"  # cannot be parsed, or not within time and memory
    NO_TEXT = "no_text"  # no article text: empty, script-only or an index page
    PAYWALL = "paywall"
    BOT_CHECK = "bot_check"  # captcha or consent wall in place of the article
    SOFT_404 = "soft_404"  # says "not found" with status 200
    WRONG_LANGUAGE = "wrong_language"
    ANNOTATION_FAILED = "annotation_failed"  # the language model did not end within its limits

    @property
    def is_retryable(self) -> bool:
        """Tell whether the next run may find it mended."""
        return self in RETRYABLE


RETRYABLE = frozenset(
    {Reason.UNREACHABLE, Reason.TIMEOUT, Reason.RATE_LIMITED, Reason.SERVER_ERROR}
)


class Rejected(Exception):
    """A bad element: becomes a row in `rejections`, and the run goes on."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)  # both in args, so that it pickles across processes
        self.reason = reason
        self.detail = detail


class FetchOutcome(StrEnum):
    """How one poll of a feed ended."""

    OK = "ok"
    NOT_MODIFIED = "not_modified"  # 304
    SAME_BODY = "same_body"  # 200 with the bytes of the poll before
    FAILED = "failed"


class Precision(StrEnum):
    """How finely a time is known."""

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    DECADE = "decade"


class PublishedSource(StrEnum):
    """What a feed's publication time was taken from."""

    PUBLISHED = "published"
    UPDATED = "updated"  # the time of its last update, in want of another
    FUTURE = "future"  # it lies more than a day ahead: not believed, so the time is NULL


class ChangeType(StrEnum):
    """What a revision is, against the one before it."""

    INITIAL = "initial"
    EDIT = "edit"
    MINOR = "minor"  # no word of the text changed: headline, punctuation, line breaks
    CORRECTION = "correction"
    WITHDRAWN = "withdrawn"


class Polarity(StrEnum):
    """Whether the sentence says that the act took place or that it did not."""

    POSITIVE = "positive"
    NEGATIVE = "negative"


class Modality(StrEnum):
    """How the sentence holds the act to be true."""

    ASSERTED = "asserted"
    REPORTED = "reported"  # somebody is quoted for it
    ALLEGED = "alleged"
    PLANNED = "planned"
    HYPOTHETICAL = "hypothetical"
    DENIED = "denied"


HAPPENED = frozenset({Modality.ASSERTED, Modality.REPORTED})
