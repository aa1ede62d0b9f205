"""The bundled news world as a web of sites on loopback.

`world.py` reads its texts, `feeds.py` and `pages.py` render them, `answers.py` decides what an
address gets at a time of the world's clock, `server.py` speaks HTTP. Each says what it rejects.
"""

from pipelines.demo_server.server import FIRST_EDITION, SECOND_EDITION, DemoServer, Request
from pipelines.demo_server.world import World, read_world

__all__ = ["FIRST_EDITION", "SECOND_EDITION", "DemoServer", "Request", "World", "read_world"]
