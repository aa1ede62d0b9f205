"""Events: who did what to whom, where and when, with the sentence that proves it.

Comes in: a parsed text with its resolved entities. Goes out: rows of event mentions. Frames are
read off the parse (`frames`), typed by a lexicon (`lexicon`), weighed for truth (`truth`), given
place, date and numbers (`circumstances`), and put together with their proof (`mentions`).
"""

from transforms.events.lexicon import ruleset_version
from transforms.events.mentions import find_events

__all__ = ["find_events", "ruleset_version"]
