"""Passes for weeks: one after the other, whatever goes wrong with one of them.

In: a pass, to be done every so long. Out: what to tell. A pass that fails (the warehouse is held
by another process, its disk is full, the list of feeds is being edited) is said as a warning and
tried again after a while, longer each time: what it staged is kept, and merged by the next one.
Only a setting that the first pass cannot use ends it.
"""

import gc
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from pipelines.options import UsageError
from pipelines.progress import Progress
from pipelines.runners import GraphFailed
from pipelines.sums import PassResult, StageSum
from transforms.locks import WarehouseError

FAILURES = (UsageError, WarehouseError, GraphFailed, OSError)
FIRST_RETRY_S = 10.0
LAST_RETRY_S = 600.0
BARREN_PASSES = 3  # in a row, before it is said


@dataclass
class OutputWatch:
    """Notices that feeds list new entries, but no article comes of them, pass after pass."""

    num_barren: int = 0

    def look(self, result: PassResult) -> str | None:
        """Look at a pass; give a warning where it is time for one."""
        sums = {each.stage: each for each in result.sums}
        none = StageSum(stage="")
        if not sums.get("entries", none).left:
            return None  # nothing new: that tells nothing
        # an article read again that has not changed has come through, too
        came_through = sums.get("annotate", none).left + sums.get("changes", none).duplicates
        self.num_barren = 0 if came_through else self.num_barren + 1
        if self.num_barren < BARREN_PASSES:
            return None
        why = [
            f"{each.stage}: {reason} {number}"
            for each in result.sums
            for reason, number in each.rejected.items()
        ]
        return (
            f"feeds list new entries, but no article came of them in {self.num_barren} passes; "
            f"rejected in the last one: {', '.join(why) or 'none'}"
        )


def repeat(every: timedelta, do_pass: Callable[[], PassResult], progress: Progress) -> NoReturn:
    """Do a pass every so long, until a signal raises `Stopped`."""
    watch = OutputWatch()
    failures = 0
    for number in itertools.count():
        due = time.monotonic() + every.total_seconds()
        try:
            result = do_pass()
        except FAILURES as error:
            if isinstance(error, UsageError) and not number:
                raise
            failures += 1
            wait_s = retry_after_s(failures, every)
            due = time.monotonic() + wait_s
            progress.warn(f"{error}; the pass failed, the next try is in {wait_s:.0f} s")
        else:
            failures = 0
            if warning := watch.look(result):
                progress.warn(warning)
        gc.collect()  # a pass leaves its graph, whose parts hold each other
        time.sleep(max(0.0, due - time.monotonic()))
    raise AssertionError  # itertools.count has no end


def retry_after_s(failures: int, every: timedelta) -> float:
    """Say how long to wait after so many failures in a row."""
    first_s = min(every.total_seconds(), FIRST_RETRY_S)
    longest_s = max(every.total_seconds(), LAST_RETRY_S)
    return float(min(first_s * 2 ** min(failures - 1, 20), longest_s))
