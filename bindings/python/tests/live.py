"""What the tests with servers have in common: two homeservers, Jane through the package, Joe through the driver."""

from __future__ import annotations

import asyncio
import tempfile
import unittest
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import caseline
from caseline import Options, RecordChoice, StoreKey, StoryClock

from .processes import PATIENCE, ROOT, Driver, servers

DATA = ROOT / "examples/data"
CARE_TEAM = "https://caseline.example/care-team|marty"
CARE_PLAN = "https://caseline.example/care-plan|marty-2019"
ACO = "https://caseline.example/organization|bay-river"
JOE = "https://caseline.example/staff|joe"
# When the agreement is in force.
NOW = "2019-03-04T14:00:00Z"
MINUTE = timedelta(minutes=1)
JANE = "https://caseline.example/staff|jane"


class Organization:
    """One of the two, as the servers run it."""

    def __init__(self, backend: dict[str, Any], name: str) -> None:
        of = next(each for each in backend["homeservers"] if each["organization"] == name)
        self.url = of["url"]
        self.server = of["server_name"]
        self.accounts = {each["user_id"]: each["password"] for each in of["accounts"]}

    def user(self, localpart: str) -> str:
        return f"@{localpart}:{self.server}"


class Live(unittest.IsolatedAsyncioTestCase):
    """Two homeservers, Jane through the package, Joe through the driver."""

    @classmethod
    def setUpClass(cls) -> None:
        backend = cls.enterClassContext(servers())
        cls.cp, cls.aco = Organization(backend, "cp"), Organization(backend, "aco")

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def bundle(self, name: str) -> str:
        text = (DATA / f"{name}.json").read_text(encoding="utf-8")
        for written, running in [("cp.example", self.cp.server), ("aco.example", self.aco.server)]:
            text = text.replace(f':{written}"', f':{running}"')
        return text

    def jane(self, store: str = "jane", record: RecordChoice | None = None) -> tuple[Options, str, str]:
        clock = StoryClock()
        clock.set(datetime.fromisoformat(NOW))
        options = Options(
            store=str(self.folder / store),
            store_key=StoreKey(bytes(range(32))),
            homeserver=self.cp.url,
            record=record,
            story_clock=clock,
        )
        user = self.cp.user("jane")
        return options, user, self.cp.accounts[user]

    async def joe(self) -> Driver:
        driver = await Driver.start("--story-clock")
        self.addAsyncCleanup(driver.kill)
        await driver.do("clock", now=NOW)
        user = self.aco.user("joe")
        self.signed_in = await driver.do(
            "sign_in",
            homeserver=self.aco.url,
            user=user,
            password=self.aco.accounts[user],
            store=str(self.folder / "joe"),
            store_key="0b" * 32,
            record={"embedded": True},
        )
        return driver

    async def both(
        self, jane: caseline.Caseline, agreement: str = "agreement.yaml"
    ) -> tuple[caseline.Case, Driver]:
        """A case of Marty's between the two, which Joe has taken up."""
        await jane.import_bundle(self.bundle("cp"))
        await jane.add_agreement((DATA / agreement).read_text(encoding="utf-8"))
        await jane.add_rules((DATA / "rules.yaml").read_text(encoding="utf-8"))
        joe = await self.joe()
        await joe.do("import", bundle=self.bundle("aco"))
        await joe.do("add_agreement", path=str(DATA / agreement))
        await joe.do("add_rules", path=str(DATA / "rules.yaml"))
        case = await jane.open(CARE_TEAM)

        async def invited() -> Any:
            return (await joe.do("invitations"))["invitations"]

        [invitation] = await self.until(invited)
        await joe.do("accept", room=invitation["room"])
        return case, joe

    async def until(self, look: Any) -> Any:
        """What `look` finds, once it finds something."""
        async with asyncio.timeout(PATIENCE):
            while not (found := await look()):
                await asyncio.sleep(0.2)
        return found
