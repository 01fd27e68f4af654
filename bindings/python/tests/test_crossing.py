"""A side that is not on Matrix: what is said to it is taken there. Everybody here is synthetic."""

from __future__ import annotations

import json
from typing import Any

import caseline
from caseline import CaselineError, CrossingStanding, CrossingWay

from .live import CARE_TEAM, DATA, Live


class Crossing(Live):
    def without_accounts(self) -> str:
        """Harbor Bridge's directory, in which no account of Bay River's is in use."""
        bundle = json.loads(self.bundle("cp"))
        for entry in bundle["entry"]:
            resource = entry["resource"]
            if resource["resourceType"] == "Endpoint" and resource["identifier"][0]["value"].startswith("aco-"):
                resource["status"] = "off"
        return json.dumps(bundle)

    async def test_it_is_owed_until_somebody_has_taken_it_there(self) -> None:
        async with caseline.session(*self.jane()) as jane:
            await jane.import_bundle(self.without_accounts())
            await jane.add_agreement((DATA / "agreement.yaml").read_text(encoding="utf-8"))
            await jane.add_rules((DATA / "rules.yaml").read_text(encoding="utf-8"))
            case = await jane.open(CARE_TEAM)
            said = await case.send("Call us back (synthetic)")
            crossings = await case.crossings()
            self.assertEqual([one.what for one in crossings], ["case", "message"])
            self.assertEqual(crossings[1].event, said)

            async def owed() -> Any:
                # What is owed is what has left.
                return [one for one in await jane.due() if one.clock == "carry" and "2 things" in one.what]

            [_] = await self.until(owed)
            events = [one.event.id for one in crossings]
            await case.carried(events, CrossingWay.PHONE, False, "Nobody there (synthetic)")
            with self.assertRaises(CaselineError.NotFound):
                await case.carried(["018f3b1c-0000-7000-8000-000000000000"], CrossingWay.FAX, True, "Sent")
            joe = "https://caseline.example/staff|joe"
            await case.carried(events, CrossingWay.FAX, True, "Sent (synthetic)", reached_contact=joe)
            [_, message] = await case.crossings()
            self.assertEqual(message.standing, CrossingStanding.CARRIED)
            tried = [(one.how, one.reached, one.reached_contact) for one in message.attempts]
            self.assertEqual(tried, [(CrossingWay.PHONE, False, None), (CrossingWay.FAX, True, joe)])
            self.assertNotIn("synthetic", repr(message.standing))

            async def nothing() -> Any:
                return not [one for one in await jane.due() if one.clock == "carry"]

            await self.until(nothing)
            with self.assertRaises(CaselineError.NotAllowed) as caught:
                await case.carried(events, CrossingWay.FAX, True, "Again")
            self.assertEqual(caught.exception.reasons[0].code, "crossing-over")
