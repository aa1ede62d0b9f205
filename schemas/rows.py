"""Every row of Dateline as a frozen dataclass: the one definition of the data.

Tables of every engine and the data dictionary are derived from it (`schemas/tables.py`). A column
is a field with its meaning in one sentence; an optional one is `X | None`, where None means "not
known", never zero or empty. Times are UTC. Ids are hashes of content, so that a rerun writes the
same row. Spans count code points into `article_revisions.text`, end exclusive.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from schemas.columns import column, optional
from schemas.vocabulary import (
    HAPPENED,
    ChangeType,
    FetchOutcome,
    Modality,
    Polarity,
    Precision,
    PublishedSource,
    Reason,
)


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A feed and where its polling stands."""

    KEY: ClassVar = "feed_id"
    VERSION: ClassVar = "updated_at"  # a later state of the same feed replaces the earlier

    feed_id: str = column("Hash of the feed's address.")
    url: str = column("Address as configured.")
    listed_by: str | None = optional("Feed, a sitemap index, that lists this one.")
    title: str | None = optional("Title: as configured, else as the feed gives it.")
    category: str | None = optional("Outline the feed stands under in the OPML file.")
    site_url: str | None = optional("Address of the site the feed belongs to.")
    publisher: str | None = optional("Publisher's name.")
    publisher_domain: str | None = optional("Registrable domain of the feed's address.")
    language: str | None = optional("Language the feed declares (BCP 47).")
    feed_format: str | None = optional("rss20, rss10, atom10, json11, sitemap and the like.")
    is_tls_exempt: bool | None = optional("The list asks not to verify its certificate.")
    etag: str | None = optional("ETag of the last full answer, byte for byte.")
    last_modified: str | None = optional("Last-Modified of the last full answer, byte for byte.")
    body_sha256: str | None = optional("SHA-256 of the last body read.")
    last_polled_at: datetime | None = optional("Last poll, whatever came of it.")
    last_success_at: datetime | None = optional("Last poll that was answered in order.")
    last_full_at: datetime | None = optional("Last unconditional answer (status 200).")
    next_poll_at: datetime | None = optional("Not to be polled before.")
    asked_interval_s: float | None = optional("Seconds between polls that it or its server asks.")
    consecutive_failures: int = column("Failed polls since the last good one.", default=0)
    has_broken_validators: bool | None = optional("New bodies came under old ones: not sent.")
    moved_to: str | None = optional("Address that permanent redirects lead to.")
    moved_since: datetime | None = optional("Since when; asked there directly after three days.")
    updated_at: datetime = column("Instant of the run that wrote this state.")
    run_id: str = column("Run that wrote the row.")


@dataclass(frozen=True, kw_only=True)
class FeedFetch:
    """One poll of a feed."""

    KEY: ClassVar = "fetch_id"
    PARTITION: ClassVar = "fetched_at"
    CLUSTER: ClassVar = ("feed_id",)

    fetch_id: str = column("Hash of feed and run.")
    feed_id: str = column("Feed polled.")
    fetched_at: datetime = column("Instant of the poll.")
    outcome: FetchOutcome = column("ok, not_modified, same_body or failed.")
    reason: Reason | None = optional("Why it failed.")
    detail: str | None = optional("What was seen when it failed.")
    final_url: str | None = optional("Address that answered, after redirects.")
    http_status: int | None = optional("HTTP status of the last answer.")
    content_type: str | None = optional("Content-Type as sent.")
    num_bytes: int | None = optional("Size of the decoded body.")
    body_sha256: str | None = optional("SHA-256 of the decoded body.")
    num_entries: int | None = optional("Entries the feed listed.")
    newest_entry_at: datetime | None = optional("Latest publication time among them.")
    duration_ms: int | None = optional("Milliseconds from request to last byte.")
    is_tls_verified: bool | None = optional("Whether the certificate was verified; NULL: no TLS.")
    archive_file: str | None = optional("WARC file that holds the answer.")
    archive_offset: int | None = optional("Byte offset of its record there.")
    run_id: str = column("Run that wrote the row.")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One naming of an article by a feed; a changed title or update time is a new version."""

    KEY: ClassVar = "entry_id"
    PARTITION: ClassVar = "first_seen_at"
    CLUSTER: ClassVar = ("url_key", "entry_id")

    entry_id: str = column("Hash of feed, address key and version.")
    feed_id: str | None = optional("Feed that lists it; NULL for a file or an archive.")
    url: str = column("Address to fetch, joined and without tracking parameters.")
    url_key: str = column("Hash of the address in its comparable form.")
    version: str = column("Hash of what the feed says of the article: title and update time.")
    guid: str | None = optional("The feed's own identifier.")
    article_id: str | None = optional("Article that it names anew, at another address.")
    title: str | None = optional("Title in the feed.")
    summary: str | None = optional("Summary in the feed, as plain text.")
    authors: tuple[str, ...] = column("Authors in the feed.", default=())
    published_at: datetime | None = optional("Publication time in the feed.")
    published_precision: Precision | None = optional("How finely that time is known.")
    published_source: PublishedSource | None = optional("published, updated or future (dropped).")
    is_zone_assumed: bool | None = optional("That time was printed without a zone: taken as UTC.")
    updated_at: datetime | None = optional("Update time in the feed.")
    language: str | None = optional("Language the feed declares (BCP 47).")
    publisher: str | None = optional("Publisher the feed names.")
    is_revisit: bool = column("Its address was read before, in another version.", default=False)
    first_seen_at: datetime = column("Instant of the run that saw it first.")
    run_id: str = column("Run that wrote the row.")


@dataclass(frozen=True, kw_only=True)
class Article:
    """An article: one canonical address. What may change lies in its revisions."""

    KEY: ClassVar = "article_id"
    PARTITION: ClassVar = "first_seen_at"
    CLUSTER: ClassVar = ("article_id", "publisher_domain")

    article_id: str = column("Hash of the canonical address.")
    url: str = column("Address it was read from.")
    canonical_url: str = column("Address the page names as its own, on the same site; else `url`.")
    url_key: str = column("Hash of the address it was asked for, in comparable form.")
    feed_id: str | None = optional("Feed it was found in.")
    publisher: str | None = optional("Publisher's name.")
    publisher_domain: str | None = optional("Registrable domain of the canonical address.")
    first_seen_at: datetime = column("Instant of the run that read it first.")
    run_id: str = column("Run that wrote the row.")


@dataclass(frozen=True, kw_only=True)
class ArticleRevision:
    """One version of an article's text, with what the page said beside it (schema.org names)."""

    KEY: ClassVar = "revision_id"
    PARTITION: ClassVar = "fetched_at"
    CLUSTER: ClassVar = ("article_id", "revision_id")

    revision_id: str = column("Hash of article, headline, text and correction note.")
    article_id: str = column("Article it is a version of.")
    change_type: ChangeType = column("initial, edit, minor, correction or withdrawn.")
    correction_text: str | None = optional("The correction or withdrawal note, as printed.")
    headline: str | None = optional("Headline.")
    description: str | None = optional("Standfirst or description.")
    authors: tuple[str, ...] = column("Authors' names.", default=())
    publisher: str | None = optional("Publisher's name as the page gives it.")
    section: str | None = optional("Section of the site.")
    keywords: tuple[str, ...] = column("Keywords and tags.", default=())
    language: str | None = optional("Language of the text (ISO 639-1).")
    image_url: str | None = optional("Main image.")
    date_published: datetime | None = optional("Publication time.")
    date_published_precision: Precision | None = optional("How finely that time is known.")
    date_published_source: str | None = optional("page, feed or option (--published).")
    date_published_offset: int | None = optional("Minutes from UTC of the zone it is given in.")
    date_modified: datetime | None = optional("Modification time the page states.")
    dateline: str | None = optional("Dateline as printed, such as 'BEIRUT (AP)'.")
    dateline_place: str | None = optional("Place in the dateline.")
    dateline_agency: str | None = optional("News agency in the dateline.")
    is_accessible_for_free: bool | None = optional("The page's own word on free or paid.")
    pub_status: str | None = optional("usable, live (a live blog), gallery, video or withdrawn.")
    text: str = column("Body: paragraphs with an empty line between, without boilerplate.")
    line_kinds: tuple[str, ...] = column("Kind of each paragraph: body, quote …", default=())
    text_sha256: str = column("SHA-256 of the text.")
    words_sha256: str | None = optional("SHA-256 of the text's letters and digits alone.")
    num_words: int = column("Words in the text.")
    num_removed_blocks: int = column("Boilerplate blocks removed.", default=0)
    archive_file: str | None = optional("WARC file that holds the page.")
    archive_offset: int | None = optional("Byte offset of its record there.")
    fetched_at: datetime = column("When this version was read.")
    extractor_version: str = column("Code and trafilatura that made the text.")
    run_id: str = column("Run that wrote the row.")


@dataclass(frozen=True, kw_only=True)
class RemovedBlock:
    """A line that stood in the extracted text and was taken out, with the rule that did it."""

    KEY: ClassVar = "block_id"
    CLUSTER: ClassVar = ("article_id", "revision_id")

    block_id: str = column("Hash of revision, position and text.")
    revision_id: str = column("Revision it was removed from.")
    article_id: str = column("Its article.")
    position: int = column("Line number in the text as extracted, from 0.")
    text: str = column("The line.")
    kind: str = column("promo, related, share, legal, credit, caption, title, dateline …")
    rule: str = column("Name of the rule that removed it.")
    run_id: str = column("Run that wrote the row.")


@dataclass(frozen=True, kw_only=True)
class Entity:
    """Who or what is named: the same name in two articles is the same entity."""

    KEY: ClassVar = "entity_id"

    entity_id: str = column("Hash of kind and canonical name.")
    name: str = column("Canonical name.")
    entity_type: str = column("PERSON, ORG, GPE, LOC, FAC, NORP or EVENT.")
    country: str | None = optional("Country it belongs to (ISO 3166-1 alpha-3).")
    sector: str | None = optional("PLOVER sector: GOV, MIL, REB, CVL, MED, IGO, NGO, BUS …")
    latitude: float | None = optional("Degrees north, of a place.")
    longitude: float | None = optional("Degrees east, of a place.")
    geonames_id: int | None = optional("GeoNames identifier, of a place.")
    source: str = column("What knows it: gazetteer, seed (our list) or text (as printed).")
    run_id: str = column("Run that wrote the row.")


@dataclass(frozen=True, kw_only=True)
class EntityMention:
    """One naming of an entity in a text."""

    KEY: ClassVar = "mention_id"
    CLUSTER: ClassVar = ("entity_id", "revision_id")

    mention_id: str = column("Hash of revision and span.")
    article_id: str = column("Article it stands in.")
    revision_id: str = column("Revision it stands in.")
    entity_id: str | None = optional("Entity named; NULL when it could not be resolved.")
    entity_type: str = column("PERSON, ORG, GPE, LOC, FAC, NORP or EVENT.")
    mention_text: str = column("The words as they stand in the text.")
    mention_start: int = column("First code point of the span.")
    mention_end: int = column("One past its last code point.")
    sentence_index: int = column("Sentence of the text, from 0.")
    link_method: str | None = optional("How: by name, alias, acronym, surname, demonym …")
    confidence: float | None = optional("Probability that it is right, where calibrated.")
    model_version: str = column("Language model that found it.")
    run_id: str = column("Run that wrote the row.")


@dataclass(frozen=True, kw_only=True)
class EventMention:
    """One sentence that reports an event: who did what to whom, where, when, with the proof.

    A predicate with several actors or recipients gives a row for each pair; they share event_id.
    """

    KEY: ClassVar = "mention_id"
    PARTITION: ClassVar = "published_at"
    CLUSTER: ClassVar = ("event_type", "actor_country", "country", "event_id")

    mention_id: str = column("Hash of revision, trigger, actor, recipient and type.")
    event_id: str = column("The event behind the mention; mentions of one event share it.")
    article_id: str = column("Article it stands in.")
    revision_id: str = column("Revision it stands in.")
    published_at: datetime | None = optional("Publication time of the revision.")
    sentence_index: int = column("Sentence of the text, from 0.")
    sentence_text: str = column("The sentence that reports it: text[sentence_start:sentence_end].")
    sentence_start: int = column("First code point of the sentence.")
    sentence_end: int = column("One past its last code point.")
    predicate: str = column("Lemma of the act, such as 'attack' or 'carry out attack'.")
    trigger_text: str = column("Words that name the act.")
    trigger_start: int = column("First code point of the trigger.")
    trigger_end: int = column("One past its last code point.")
    event_type: str | None = optional("PLOVER type, such as ASSAULT; NULL when none fits.")
    event_mode: str | None = optional("PLOVER mode, such as bombing.")
    contexts: tuple[str, ...] = column("PLOVER contexts, such as military.", default=())
    cameo_root_code: str | None = optional("CAMEO root code, two digits, such as '19'.")
    quad_class: int | None = optional("Cooperation 1 verbal, 2 material; conflict 3, 4.")
    goldstein_scale: float | None = optional("Goldstein value of the CAMEO root, -10 to 10.")
    actor_text: str | None = optional("Who did it, as printed.")
    actor_start: int | None = optional("First code point of the actor.")
    actor_end: int | None = optional("One past its last code point.")
    actor_entity_id: str | None = optional("The actor as an entity; NULL when not resolved.")
    actor_name: str | None = optional("Canonical name of the actor.")
    actor_country: str | None = optional("Actor's country (ISO 3166-1 alpha-3).")
    actor_country_source: str | None = optional("gazetteer, seed (list), phrase or article.")
    actor_sector: str | None = optional("Actor's PLOVER sector.")
    actor_sector_source: str | None = optional("seed (our list) or role (a noun in the words).")
    actor_link: str | None = optional("name, role or coreference: what ties the words to it.")
    recipient_text: str | None = optional("To whom it was done, as printed.")
    recipient_start: int | None = optional("First code point of the recipient.")
    recipient_end: int | None = optional("One past its last code point.")
    recipient_entity_id: str | None = optional("The recipient as an entity; NULL when unresolved.")
    recipient_name: str | None = optional("Canonical name of the recipient.")
    recipient_country: str | None = optional("Recipient's country (ISO 3166-1 alpha-3).")
    recipient_country_source: str | None = optional("As actor_country_source.")
    recipient_sector: str | None = optional("Recipient's PLOVER sector.")
    recipient_sector_source: str | None = optional("As actor_sector_source.")
    recipient_link: str | None = optional("name, role or coreference: what ties the words to it.")
    date_text: str | None = optional("When, as printed in the sentence.")
    date_start: int | None = optional("First code point of the date.")
    date_end: int | None = optional("One past its last code point.")
    event_date: date | None = optional("Day (or first day) of the event.")
    event_date_end: date | None = optional("Last day, where it is a range.")
    event_date_precision: Precision | None = optional("How finely the day is known.")
    event_date_source: str | None = optional("text or publication: where the day comes from.")
    place_text: str | None = optional("Where, as printed in the sentence.")
    place_start: int | None = optional("First code point of the place.")
    place_end: int | None = optional("One past its last code point.")
    place_name: str | None = optional("Canonical name of the place.")
    place_source: str | None = optional("text or dateline: where the place comes from.")
    country: str | None = optional("Country of the place (ISO 3166-1 alpha-3).")
    admin1: str | None = optional("First-level division of a city, as GeoNames had it in 2016.")
    latitude: float | None = optional("Degrees north.")
    longitude: float | None = optional("Degrees east.")
    polarity: Polarity = column("positive, or negative where the act did not take place.")
    modality: Modality = column("asserted, reported, alleged, planned, hypothetical or denied.")
    attributed_to_text: str | None = optional("Who is quoted for it, as printed.")
    attributed_to_start: int | None = optional("First code point of the source quoted.")
    attributed_to_end: int | None = optional("One past its last code point.")
    attributed_to_entity_id: str | None = optional("The source quoted, as an entity.")
    num_killed: int | None = optional("People killed, where the sentence gives a number.")
    num_injured: int | None = optional("People injured.")
    num_detained: int | None = optional("People detained.")
    num_displaced: int | None = optional("People displaced.")
    money_text: str | None = optional("Amount of money of the act, as printed.")
    money_start: int | None = optional("First code point of the amount.")
    money_end: int | None = optional("One past its last code point.")
    money_amount: float | None = optional("The amount in units of its currency.")
    money_currency: str | None = optional("ISO 4217; '$' alone is USD; NULL where words are open.")
    distance_text: str | None = optional("Distance of the act, as printed.")
    distance_start: int | None = optional("First code point of the distance.")
    distance_end: int | None = optional("One past its last code point.")
    distance_km: float | None = optional("The distance in kilometres.")
    confidence: float | None = optional("Probability that the mention is right, where calibrated.")
    confidence_kind: str | None = optional("What the confidence is; NULL with it.")
    model_version: str = column("Language model that read the sentence.")
    ruleset_version: str = column("Rules that made the event.")
    run_id: str = column("Run that wrote the row.")

    @property
    def happened(self) -> bool:
        """Tell whether the sentence holds the act to have taken place."""
        return self.polarity == Polarity.POSITIVE and self.modality in HAPPENED


@dataclass(frozen=True, kw_only=True)
class Story:
    """A cluster of articles that tell of one thing."""

    KEY: ClassVar = "story_id"

    story_id: str = column("Hash of the article that opened the story.")
    headline: str | None = optional("Headline of that article.")
    started_at: datetime | None = optional("Its publication time.")
    run_id: str = column("Run that wrote the row.")


@dataclass(frozen=True, kw_only=True)
class StoryArticle:
    """An article's place in a story."""

    KEY: ClassVar = "article_id"

    article_id: str = column("Article; it belongs to one story.")
    story_id: str = column("Story it tells.")
    similarity: float | None = optional("Likeness to the story when it joined, 0 to 1.")
    syndicated_from: str | None = optional("Earliest article with the same text, a wire copy.")
    run_id: str = column("Run that wrote the row.")


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """An element that did not go on, and why."""

    KEY: ClassVar = "rejection_id"
    PARTITION: ClassVar = "rejected_at"
    CLUSTER: ClassVar = ("stage", "reason")

    rejection_id: str = column("Hash of stage, reason, address and version.")
    stage: str = column("Stage that rejected it: poll, fetch, extract, clean, annotate.")
    reason: Reason = column("Why, from a closed list.")
    address: str = column("Address of the feed or page, or path of the file.")
    feed_id: str | None = optional("Feed it came from.")
    detail: str = column("What was seen, in words.")
    is_retryable: bool = column("The next run may find it mended.")
    rejected_at: datetime = column("Instant of the run that rejected it first.")
    run_id: str = column("Run that wrote the row.")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the pipeline and its sums."""

    KEY: ClassVar = "run_id"
    VERSION: ClassVar = "version"

    run_id: str = column("Start time and a random tail.")
    version: int = column("0 while it runs, 1 when it has ended.")
    started_at: datetime = column("Instant the run takes as now.")
    ended_at: datetime | None = optional("When it ended; NULL while running or killed.")
    status: str = column("running, complete, stopped (by a signal) or killed.")
    source: str = column("feeds, files or archive.")
    runner: str = column("Beam runner.")
    dateline_version: str = column("Version of this software.")
    model_version: str = column("Language model used.")
    num_feeds: int | None = optional("Feeds polled.")
    num_entries: int | None = optional("Entries listed.")
    num_articles: int | None = optional("Article revisions written.")
    num_events: int | None = optional("Event mentions written.")
    num_duplicates: int | None = optional("Elements known already.")
    num_rejections: int | None = optional("Elements rejected.")
    seconds: float | None = optional("Seconds of wall clock.")
