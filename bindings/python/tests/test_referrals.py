"""Referrals for a social need: kept where nobody can be reached, by hand, and in a room of their own. Everybody here is synthetic."""

from __future__ import annotations

from typing import Any

import caseline
from caseline import CaselineError, ConsentInput, CrossingStanding, CrossingWay, ReferralInput, RoomKind, SignedHow

from .live import DATA, MINUTE, NOW, Live
from .processes import Driver

PANTRY = "https://caseline.example/organization|harbor-pantry"
KITCHEN = "https://caseline.example/organization|bay-kitchen"


class Referrals(Live):
    def agency(self) -> str:
        """The pantry's directory, with Pat on the account that the servers call keeper."""
        text = self.bundle("agency")
        return text.replace(f'"matrix:u/pat:{self.aco.server}"', f'"matrix:u/keeper:{self.aco.server}"')

    async def pat(self) -> Driver:
        driver = await Driver.start("--story-clock")
        self.addAsyncCleanup(driver.kill)
        await driver.do("clock", now=NOW)
        user = self.aco.user("keeper")
        await driver.do(
            "sign_in",
            homeserver=self.aco.url,
            user=user,
            password=self.aco.accounts[user],
            store=str(self.folder / "pat"),
            store_key="0c" * 32,
            record={"embedded": True},
        )
        await driver.do("import", bundle=self.agency())
        await driver.do("add_agreement", path=str(DATA / "agreement-agency.yaml"))
        await driver.do("add_rules", path=str(DATA / "rules.yaml"))
        return driver

    async def test_a_referral_is_kept_and_another_comes_back_with_its_outcome(self) -> None:
        async with caseline.session(*self.jane()) as jane:
            case, joe = await self.both(jane, "agreement-referral.yaml")
            await jane.import_bundle(self.agency())
            await jane.add_agreement((DATA / "agreement-agency.yaml").read_text(encoding="utf-8"))
            consent = ConsentInput(
                categories=[],
                disclosers=[],
                recipients=[PANTRY, KITCHEN],
                covered=False,
                purposes=["COC"],
                tpo=False,
                explanation="The pantry may be told what I need (synthetic)",
                valid_from="2019-03-01",
                until=None,
                signed_on="2019-03-01",
                how=SignedHow.PAPER,
                representative=False,
                source="Folder 7 (synthetic)",
                document=None,
                renews=None,
                fields=["name", "household"],
            )
            given = await case.record_consent(consent)
            need = ReferralInput(
                organization=KITCHEN,
                service="nutrition",
                need="Two meals a day (synthetic)",
                consent=given.id,
                fields=["name"],
            )
            referred = await case.refer(need)
            self.assertEqual(referred.held and referred.held.code, "referral-no-contact")
            self.assertTrue(await jane.settle(within=MINUTE))
            [kept] = await case.referrals()
            self.assertEqual((kept.status, kept.organization, kept.fields), ("held", KITCHEN, ["name"]))
            self.assertIn("referral-contact", [one.clock for one in await jane.due()])
            [crossing] = await case.crossings()
            self.assertEqual((crossing.what, crossing.organization), ("referral", KITCHEN))
            await case.carried([crossing.event.id], CrossingWay.PHONE, False, "Out of service (synthetic)")
            await case.carried([crossing.event.id], CrossingWay.FAX, True, "It went through (synthetic)")
            [crossing] = await case.crossings()
            self.assertEqual(crossing.standing, CrossingStanding.CARRIED)
            self.assertEqual([tried.reached for tried in crossing.attempts], [False, True])
            with self.assertRaises(CaselineError.NotAllowed) as sent:
                await case.carry_referral(kept.referral, CrossingWay.PHONE, "Twice (synthetic)")
            self.assertEqual([one.code for one in sent.exception.reasons], ["referral-sent"])
            await case.tell_referral(kept.referral, "declined", CrossingWay.PHONE, "No driver")
            await case.withdraw_referral(kept.referral, "The pantry has a van")
            need.organization, need.fields = PANTRY, ["name", "birth-date"]
            with self.assertRaises(CaselineError.NotAllowed) as refused:
                await case.refer(need)
            self.assertEqual([one.code for one in refused.exception.reasons], ["consent-not-for-field"])
            need.fields, need.values = ["name"], {"household": "Lives alone (synthetic)"}
            referred = await case.refer(need)
            self.assertIsNone(referred.held)
            self.assertTrue(await jane.settle(within=MINUTE))
            [room] = await jane.rooms(RoomKind.REFERRAL)

            pat = await self.pat()

            async def there() -> Any:
                for invitation in (await pat.do("invitations"))["invitations"]:
                    await pat.do("accept", room=invitation["room"], despite_warning=True)
                return (await pat.do("rooms", kind="referral"))["rooms"]

            [found] = await self.until(there)
            self.assertEqual(found["case"], room.id())
            course = (await pat.do("referrals", case=room.id()))["course"]
            self.assertEqual(sorted(course["fields"]), ["household", "name"])
            self.assertEqual((course["status"], course["need"]), ("asked", "Two meals a day (synthetic)"))
            await room.ask_capacity()

            async def asked() -> Any:
                return (await pat.do("referrals", case=room.id()))["course"]["status"] == "capacity-asked"

            await self.until(asked)
            await pat.do("tell_capacity", case=room.id(), capacity="yes")
            await pat.do("accept_referral", case=room.id())
            await pat.do("sub_refer", case=room.id(), to="Bay Kitchen", contact="555-0190")
            await pat.do("referral_outcome", case=room.id(), code="provided", text="Ten meals (synthetic)")

            async def told() -> Any:
                known = (await joe.do("referrals", case=case.id()))["referrals"]
                return len(known) == 2 and known[1]["steps"][-1].get("told") == "provided" and known[1]

            known = await self.until(told)
            self.assertEqual((known["status"], known["room"]), ("sent", room.id()))
            steps = [step["told"] for step in known["steps"] if "told" in step]
            self.assertEqual(steps, ["capacity-asked", "places", "accepted", "sub-referred", "provided"])
            await room.close_referral()
            self.assertTrue(await jane.settle(within=MINUTE))
            [one, other] = await case.referrals()
            self.assertEqual((one.status, other.status), ("withdrawn", "closed"))
            there_now = await room.referral()
            self.assertEqual(there_now and there_now.status, "closed")
