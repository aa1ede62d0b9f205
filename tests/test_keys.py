"""Ids in eight bytes each: nothing known is missed, nothing else is taken for it."""

import pickle

from schemas.columns import content_id
from schemas.keys import KeyMap, KeySet

IDS = [content_id(n) for n in range(5000)]


def test_a_set_holds_what_it_was_given_and_nothing_else() -> None:
    keys = KeySet([*IDS[::2], "no id at all"])
    assert all(one in keys for one in IDS[::2])
    assert not any(one in keys for one in IDS[1::2])
    assert "no id at all" in keys
    assert "another" not in keys
    assert len(KeySet()) == 0


def test_a_map_gives_the_first_value_of_a_key() -> None:
    values = KeyMap([(IDS[0], "a"), (IDS[1], "bc"), (IDS[0], "later"), (IDS[2], "")])
    assert [values.get(one) for one in IDS[:4]] == ["a", "bc", "", None]
    assert KeyMap().get(IDS[0]) is None


def test_an_id_takes_some_bytes_on_its_way_to_another_process() -> None:
    assert len(pickle.dumps(KeySet(IDS))) < 9 * len(IDS)
    again = pickle.loads(pickle.dumps(KeyMap(zip(IDS, IDS, strict=True))))
    assert again.get(IDS[7]) == IDS[7]
