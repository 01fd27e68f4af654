"""What a member allows to be told: asked, recorded, taken back, told in an emergency. Everybody here is synthetic."""

from __future__ import annotations

from typing import Any

import caseline
from caseline import CaselineError, ConsentInput, SignedHow

from .live import MINUTE, Live

CP = "https://caseline.example/organization|harbor-bridge"
ACO = "https://caseline.example/organization|bay-river"


class Consents(Live):
    async def test_what_is_told_goes_under_a_consent_and_an_emergency_is_looked_at(self) -> None:
        async with caseline.session(*self.jane()) as jane:
            case, joe = await self.both(jane, "agreement-part2.yaml")
            self.assertEqual((await case.may_tell()).answer, "ask")
            with self.assertRaises(CaselineError.NotAllowed) as missing:
                await case.send("He came (synthetic)")
            self.assertEqual([one.code for one in missing.exception.reasons], ["consent-missing"])
            consent = ConsentInput(
                categories=["42CFRPart2"],
                disclosers=[CP],
                recipients=[ACO],
                covered=False,
                purposes=["TREAT"],
                tpo=True,
                explanation="All of it, to Bay River, for treatment (synthetic)",
                valid_from="2019-03-01",
                until=None,
                signed_on="2019-03-01",
                how=SignedHow.PAPER,
                representative=False,
                source="Folder 7 (synthetic)",
                document=None,
                renews=None,
            )
            given = await case.record_consent(consent)
            self.assertEqual((await case.may_tell()).answer, "allowed")
            await case.send("He came (synthetic)")

            async def read() -> Any:
                return (await joe.do("messages", case=case.id()))["messages"]

            [message] = await self.until(read)
            self.assertEqual(message["labels"], ["R", "SUD", "42CFRPart2", "NORDSCLCD"])
            self.assertIn("42 CFR part 2 prohibits", message["notice"])
            self.assertIn("to Bay River, for treatment", message["notice"])
            revoked = {"consent": given.id, "on": "2019-03-01", "source": "A call (synthetic)"}
            await joe.do("revoke_consent", case=case.id(), **revoked)

            async def taken_back() -> Any:
                told = await case.consents()
                return told.consents[0].standing == "revoked" and told

            told = await self.until(taken_back)
            self.assertEqual(told.consents[0].says.explanation, consent.explanation)
            self.assertEqual(await case.denied(), [])
            with self.assertRaises(CaselineError.InvalidInput):
                case.marked(["no-label"])
            urgent = await case.marked([], emergency="Not breathing (synthetic)").send("40 mg (synthetic)")
            self.assertTrue(await jane.settle(within=MINUTE))

            async def to_review() -> Any:
                return (await joe.do("consents", case=case.id()))["overrides"]

            [override] = await self.until(to_review)
            self.assertEqual((override["id"], override["reason"]), (urgent.id, "Not breathing (synthetic)"))
            event = {"sender": override["sender"], "id": override["id"]}
            found = {"event": event, "justified": True, "finding": "It was one (synthetic)"}
            await joe.do("review_override", case=case.id(), **found)

            async def reviewed() -> Any:
                told = await case.consents()
                return told.overrides[0].justified and told.overrides[0]

            looked_at = await self.until(reviewed)
            self.assertEqual(looked_at.finding, "It was one (synthetic)")
