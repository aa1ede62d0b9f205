import pytest

from transforms.datelines import parse_dateline


@pytest.mark.parametrize(
    ("text", "printed", "place", "agency"),
    [
        ("SELVARA — Troops moved", "SELVARA", "SELVARA", None),
        ("SELVARA (AP) — Troops", "SELVARA (AP)", "SELVARA", "AP"),
        ("SELVARA, March 3 (Reuters) - The", "SELVARA, March 3 (Reuters)", "SELVARA", "Reuters"),
        ("SELVARA/MELDT (AFP) – A", "SELVARA/MELDT (AFP)", "SELVARA", "AFP"),
        ("SELVARA, Velmark (NPA) — The", "SELVARA, Velmark (NPA)", "SELVARA", "NPA"),
        (
            "PELL HARBOUR, Velmark, March 3 -- T",
            "PELL HARBOUR, Velmark, March 3",
            "PELL HARBOUR",
            None,
        ),
        ("Tarnport, 12 May — The", "Tarnport, 12 May", "Tarnport", None),
        ("Tarnport (NPA) - The", "Tarnport (NPA)", "Tarnport", "NPA"),
        ("NEW DELHI: The", "NEW DELHI", "NEW DELHI", None),
        ("SELVARA, March 3. /NPA/. The", "SELVARA, March 3. /NPA/.", "SELVARA", "NPA"),
        ("ST. OSKER, Velmark (NPA) — The", "ST. OSKER, Velmark (NPA)", "ST. OSKER", "NPA"),
        ("DEIR EL-ORUM, Velmark — The", "DEIR EL-ORUM, Velmark", "DEIR EL-ORUM", None),
        ("(Reuters) - The", "(Reuters)", None, "Reuters"),
    ],
)
def test_datelines_of_agencies_and_newspapers_are_read(
    text: str, printed: str, place: str | None, agency: str | None
) -> None:
    dateline = parse_dateline(text)
    assert dateline is not None
    assert (dateline.printed, dateline.place, dateline.agency) == (printed, place, agency)
    assert text[dateline.end :] in ("Troops moved", "Troops", "The", "A", "T")


@pytest.mark.parametrize(
    "text",
    [
        "Tarnport – the capital – is calm",
        "WATCH: The mayor speaks",
        "EDITOR'S NOTE — This story was changed",
        "BREAKING NEWS — Fire in Meldt",
        "The troops (NPA) said — they would go",
        "US — a country",
        "ALSO READ: The ferry burns",
        "WHEN: Tuesday at eight",
        "Wed. Sept. 20 - The ferry leaves",
        "Plain sentence without any of it.",
        "",
    ],
)
def test_other_openings_are_no_datelines(text: str) -> None:
    assert parse_dateline(text) is None


def test_a_hostile_opening_is_read_in_no_time() -> None:
    for text in ("A" * 100_000, "AB, CD EF, " * 9_000, "Ab Cd, " * 9_000, "A/" * 50_000):
        assert parse_dateline(text) is None
