"""A run's sums add up, or say where they do not."""

from pipelines.sums import StageSum, stage_sums, unbalanced

COUNTERS = {
    ("fetch", "in"): 5,
    ("fetch", "out"): 3,
    ("fetch", "rejected:gone"): 1,
    ("fetch", "rejected:timeout"): 1,
    ("fetch", "ms"): 1500,
    ("entries", "in"): 7,
    ("entries", "out"): 5,
    ("entries", "duplicate"): 2,
}


def test_counters_become_sums_in_the_order_of_the_flow() -> None:
    entries, fetch = stage_sums(COUNTERS)
    assert (entries.stage, entries.entered, entries.left, entries.duplicates) == (
        "entries",
        7,
        5,
        2,
    )
    assert fetch.rejected == {"gone": 1, "timeout": 1}
    assert fetch.seconds == 1.5


def test_sums_that_add_up_are_balanced() -> None:
    assert unbalanced(stage_sums(COUNTERS)) == []


def test_a_stage_that_lost_an_element_is_named() -> None:
    lost = stage_sums({**COUNTERS, ("fetch", "out"): 2})
    assert unbalanced(lost) == ["fetch"]


def test_a_doubled_element_is_noticed_too() -> None:
    assert not StageSum(stage="clean", entered=1, left=2).is_balanced
