"""An admission, from the package and from the driver. Everybody here is synthetic."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import caseline
from caseline import Alert, Happening, MessagePriority, StayClass, VisitAnswer

from .live import ACO, JOE, MINUTE, Live

MEMBER = "https://caseline.example/masshealth-id|100044071903"
ADMITTED = datetime(2019, 3, 3, 22, tzinfo=timezone.utc)
LEFT = datetime(2019, 3, 4, 13, tzinfo=timezone.utc)
TOLD = {"facility": "GENERAL", "visit": "V-1", "class": "inpatient", "source": "his feed"}


class Admitted(Live):
    async def test_both_tell_of_one_stay_and_visit_and_follow_up(self) -> None:
        async with caseline.session(*self.jane()) as jane:
            case, joe = await self.both(jane)

            alert = Alert(
                facility="GENERAL",
                visit="V-1",
                what=Happening.ADMITTED,
                at=ADMITTED,
                stay_class=StayClass.INPATIENT,
                source="her feed",
                priority=MessagePriority.URGENT,
            )
            by_name = await jane.raise_alert(alert, name="Marty Exampleton", birth_date="1961-03-17")
            self.assertEqual((by_name.raised, by_name.proposed), ([], [case.id()]))
            told = await jane.raise_alert(alert, member=MEMBER)
            self.assertEqual([each.case for each in told.raised], [case.id()])
            self.assertEqual(await jane.raise_alert(alert, member=MEMBER), told)
            self.assertTrue(await jane.settle(within=MINUTE))
            [stay] = (await case.state()).stays
            self.assertEqual((stay.status, stay.stay_class, stay.told), ("in-progress", "inpatient", 1))

            async def known() -> Any:
                return (await joe.do("state", case=case.id()))["stays"]

            [seen] = await self.until(known)
            self.assertEqual((seen["stay"], seen["began"]), (stay.stay, "2019-03-03T22:00:00Z"))
            again = {**TOLD, "what": "admitted", "at": "2019-03-03T22:00:00Z"}
            found = await joe.do("raise_alert", member=MEMBER, alert=again)
            self.assertEqual(found, {"raised": [], "known": [case.id()], "proposed": []})

            with_joe = [caseline.Whom(contact=JOE, organization=ACO)]
            at = datetime(2019, 3, 6, 15, tzinfo=timezone.utc)
            visit = await case.propose_visit(stay.stay, at, with_joe, place="Ward 3")

            async def asked() -> Any:
                return (await joe.do("state", case=case.id()))["visits"]

            await self.until(asked)
            await joe.do(
                "answer_visit", case=case.id(), visit=visit.id, answer="move", to="2019-03-07T15:00:00Z"
            )

            async def moved() -> Any:
                [one] = (await case.state()).visits
                return one.at.day == 7 and one

            one = await self.until(moved)
            self.assertEqual([each.answer for each in one.asked], ["waiting", "accepted"])
            await case.answer_visit(visit.id, VisitAnswer.ACCEPT())
            self.assertTrue(await jane.settle(within=MINUTE))
            self.assertEqual((await case.state()).visits[0].status, "settled")

            left = {**TOLD, "what": "discharged", "at": "2019-03-04T13:00:00Z"}
            await joe.do("alert", case=case.id(), alert=left, confirmed=True)

            async def finished() -> Any:
                [one] = (await case.state()).stays
                return one.status == "finished" and one

            one = await self.until(finished)
            self.assertEqual((one.clock, one.counts_from), ("inpatient-follow-up", LEFT))
            [owed] = await case.due()
            self.assertEqual(owed.clock, "inpatient-follow-up")
            await case.follow_up_done(stay.stay, LEFT, True, outcome="Well.")
            self.assertTrue(await jane.settle(within=MINUTE))
            self.assertEqual(await case.due(), [])
