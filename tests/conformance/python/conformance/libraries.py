"""What Python's own modules and its packages do in a component."""

import asyncio
import random as random_module
import subprocess
import threading
import urllib.request
import uuid
from datetime import datetime

# Its modules import others when they are asked for what they lack.
import httpx as httpx
from orbital_sdk import Test, case

# It is made when the component is built.
GENERATOR = random_module.Random()


@case(manual=True, timeout="5s")
def random(t: Test) -> None:
    t.log.info(str(random_module.random()))
    t.log.info(str(GENERATOR.random()))
    t.log.info(str(uuid.uuid4()))


@case(manual=True, timeout="5s")
def zones(t: Test) -> None:
    from zoneinfo import ZoneInfo

    t.log.info(datetime(2027, 3, 28, 12, tzinfo=ZoneInfo("Europe/Madrid")).isoformat())


@case(manual=True, timeout="5s")
def absent(t: Test) -> None:
    async def nothing() -> None: ...

    coroutine = nothing()
    for call in (
        lambda: asyncio.run(coroutine),
        lambda: threading.Thread(target=print).start(),
        lambda: subprocess.run(["true"], check=True),
        lambda: urllib.request.urlopen("http://api/"),
    ):
        try:
            call()
        except Exception as error:
            t.log.info(str(error))
    coroutine.close()
