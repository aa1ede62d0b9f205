import pytest

from transforms.notes import find_correction, find_withdrawal

LONG = (
    "The council of Pell Harbour met on Tuesday and put off its vote on the ferry once more. " * 12
)


@pytest.mark.parametrize(
    "note",
    [
        "Correction: An earlier version of this article said two ships had burned.",
        "CORRECTION — The mayor is Ada Vell, not Ada Vale.",
        "Correction, Nov. 15, 2025: This article misstated the age of the mayor.",
        "Correction (10 March): The number of dead is 14, not 17.",
        "Correction added Nov. 18, 2025: The caption made an unconfirmed statement.",
        "Clarification: The company says that it did not take part in the talks.",
        "Corrections and clarifications: The ferry was built in 1911.",
        "An earlier version of this story gave the vote as eight to seven.",
        "This article was amended on 10 March. The hospital at first said 17 had died.",
        "This story has been corrected to show that the vote was nine to six.",
        "Editor’s note: A previous version misidentified the spokesman.",
        "(Corrects spelling of name in paragraph 3)",
        "For the record: The ferry has 40 seats, not 400.",
    ],
)
def test_notes_that_correct_the_article_are_found(note: str) -> None:
    assert find_correction(["The ferry burned on Tuesday.", note]) == note


@pytest.mark.parametrize(
    "paragraph",
    [
        "Corrections officers said on Tuesday that two men had escaped.",
        "Correctional staff: two were hurt in the riot, the ministry said.",
        "The minister corrected the figure on Tuesday: 14 had died.",
        "Editor’s note: This is the first of three reports from Meldt.",
        "“This was a correction, not a crash,” the bank’s chairman said.",
        "For the record crowd it was a long night, the club said.",
    ],
)
def test_sentences_of_the_article_are_no_correction(paragraph: str) -> None:
    assert find_correction([paragraph]) is None


@pytest.mark.parametrize(
    "notice",
    [
        "This article has been withdrawn.",
        "The story about the ferry fire was retracted on Tuesday.",
        "The Selvara Times has withdrawn this report.",
        "Our article of 3 March on the ferry has been removed for legal reasons.",
    ],
)
def test_a_notice_in_place_of_the_article_is_found(notice: str) -> None:
    assert find_withdrawal("Ferry burns", [notice, "We apologise."]) == f"{notice}\n\nWe apologise."


def test_a_headline_may_say_it_alone() -> None:
    assert find_withdrawal("Withdrawn: Ferry burns", ["Its source could not be trusted."]) == (
        "Its source could not be trusted."
    )
    assert find_withdrawal("Retracted: Ferry burns", []) == "Retracted: Ferry burns"


@pytest.mark.parametrize(
    "paragraph",
    [
        "The report was withdrawn by the ministry, and the army was withdrawn from the river.",
        "The company has removed the ferry from service.",
        "This article has been withdrawn. " + LONG,
    ],
)
def test_an_article_about_a_withdrawal_is_not_withdrawn(paragraph: str) -> None:
    assert find_withdrawal("Army leaves the river", [paragraph]) is None
