"""The record: what others change in it, and who may read it. Everybody here is synthetic."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import caseline
from caseline import CaselineError, HostToken, HostTokenError, RecordChoice, ResourceEdit, SearchParam

from .live import ACO, CARE_PLAN, JOE, MINUTE, Live
from .processes import Driver

CP = "https://caseline.example/organization|harbor-bridge"
LEE = "https://caseline.example/staff|lee"
NORA = "https://caseline.example/staff|nora"


def reference(kind: str, token: str) -> dict[str, Any]:
    system, value = token.split("|")
    return {"type": kind, "identifier": {"system": system, "value": value}}


class Changed(Live):
    """What somebody changes in Jane's record, beside her app."""

    async def look(self, jane: caseline.Caseline) -> None:
        # There is a keeper on the roster: a lead tells what that has not told by her second look.
        await jane.look_at_record()
        await jane.look_at_record()
        self.assertTrue(await jane.settle(within=MINUTE))

    async def test_it_is_proposed_and_told_and_a_lead_decides(self) -> None:
        async with caseline.session(*self.jane()) as jane:
            case, joe = await self.both(jane)
            plan = await case.send_care_plan(CARE_PLAN)
            await self.look(jane)
            state = await case.state()
            self.assertEqual((state.team_proposals, state.plans[0].changed), ([], []))

            team = await self.nora_is_added(jane)
            await self.plan_is_edited(jane)
            await self.look(jane)

            async def proposed() -> Any:
                return (await joe.do("state", case=case.id()))["team_proposals"]

            [seen] = await self.until(proposed)
            self.assertEqual([each["id"] for each in seen["add"]], [NORA])
            self.assertEqual((seen["organization"], seen["end"]), (CP, []))
            [own] = (await case.state()).team_proposals
            self.assertEqual((own.key.id, own.organization), (seen["proposal"], CP))
            self.assertEqual([each.name for each in own.add], ["Nora Lindqvist"])

            async def changed() -> Any:
                [each] = (await joe.do("state", case=case.id()))["plans"]
                return each["changed"]

            [told] = await self.until(changed)
            [change] = (await case.state()).plans[0].changed
            self.assertEqual((told["organization"], told["sha256"]), (CP, change.sha256))
            self.assertNotEqual(change.sha256, plan.sha256)

            # Nora works for Joe's organisation.
            await joe.do("take_up_team", case=case.id(), proposal=seen["proposal"])

            async def seated() -> Any:
                state = await case.state()
                return NORA in [seat.contact.id for seat in state.roster] and state

            self.assertEqual((await self.until(seated)).team_proposals, [])
            await self.lee_stays(jane, case, joe, team)

    async def nora_is_added(self, jane: caseline.Caseline) -> str:
        [team] = [each for each in await jane.resources("CareTeam") if "urn:caseline:case" not in each.json]
        nora = {"member": reference("Practitioner", NORA), "onBehalfOf": reference("Organization", ACO)}
        nora["role"] = [{"text": "Nurse"}]  # type: ignore[assignment]
        edits = [ResourceEdit.ADD("participant", json.dumps(nora))]
        edited = await jane.edit_resource("CareTeam", team.id, team.version, edits)
        again = await jane.edit_resource("CareTeam", team.id, team.version, edits)
        self.assertEqual(again, edited, "it is safe to repeat")
        # Somebody else looked at what was there before Nora.
        with self.assertRaises(CaselineError.Conflict) as conflict:
            late = [ResourceEdit.SET("participant[0].period", '{"end":"2019-03-01"}')]
            await jane.edit_resource("CareTeam", team.id, team.version, late)
        self.assertEqual(conflict.exception.code, "changed-meanwhile")
        params = [SearchParam(name="participant:identifier", value=NORA), SearchParam(name="status", value="active")]
        self.assertEqual([each.id for each in await jane.find_resources("CareTeam", params)], [team.id])
        goal = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Walk (synthetic)"}}
        goal |= {"subject": json.loads(team.json)["subject"]}
        with self.assertRaises(CaselineError.InvalidInput) as unnamed:
            await jane.create_resource("Goal", json.dumps(goal))
        self.assertEqual(unnamed.exception.code, "create-unnamed")
        goal["identifier"] = [{"system": "urn:example:goal", "value": "1"}]
        made = await jane.create_resource("Goal", json.dumps(goal))
        self.assertEqual(await jane.create_resource("Goal", json.dumps(goal)), made)
        self.assertEqual(await jane.resource("CareTeam", team.id), edited)
        self.assertEqual(len(json.loads(edited.json)["participant"]), len(json.loads(team.json)["participant"]) + 1)
        with self.assertRaises(CaselineError.InvalidInput) as caught:
            await jane.edit_resource("CareTeam", team.id, edited.version, [ResourceEdit.SET("participant[90].period", "{}")])
        self.assertNotIn("Marty", str(caught.exception))
        with self.assertRaises(CaselineError.NotFound):
            await jane.resource("CareTeam", "no-such-team")
        return team.id

    async def plan_is_edited(self, jane: caseline.Caseline) -> None:
        plans = [each for each in await jane.resources("CarePlan") if "urn:caseline:plan" not in each.json]
        [plan] = plans
        edits = [ResourceEdit.SET("title", '"Treatment plan, second half (synthetic)"'), ResourceEdit.REMOVE("created")]
        edited = json.loads((await jane.edit_resource("CarePlan", plan.id, plan.version, edits)).json)
        self.assertEqual(edited["title"], "Treatment plan, second half (synthetic)")
        self.assertNotIn("created", edited)

    async def lee_stays(self, jane: caseline.Caseline, case: caseline.Case, joe: Driver, team: str) -> None:
        looked_at = await jane.resource("CareTeam", team)
        members = json.loads(looked_at.json)["participant"]
        [lee] = [n for n, one in enumerate(members) if one["member"].get("display") == "Lee Okafor"]
        edits = [ResourceEdit.SET(f"participant[{lee}].period", '{"end":"2019-03-01"}')]
        await jane.edit_resource("CareTeam", team, looked_at.version, edits)
        await self.look(jane)

        async def proposed() -> Any:
            return (await joe.do("state", case=case.id()))["team_proposals"]

        [seen] = await self.until(proposed)
        self.assertEqual((seen["add"], [each["contact"] for each in seen["end"]]), ([], [LEE]))
        with self.assertRaises(CaselineError.NotFound):
            await case.take_up_team_proposal((await case.state()).plans[0].plan)
        declined = await joe.do("decline_team", case=case.id(), proposal=seen["proposal"])
        self.assertEqual(declined["sender"], self.aco.user("joe"))

        async def closed() -> Any:
            return not (await case.state()).team_proposals

        await self.until(closed)
        self.assertIn(LEE, [seat.contact.id for seat in (await case.state()).roster])
        self.assertEqual(await jane.kept(), [])
        self.assertEqual(await joe.do("kept"), {"kept": []})
        await self.drivers_edit(joe)

    async def drivers_edit(self, joe: Driver) -> None:
        which = {"kind": "Practitioner", "identifier": JOE}
        name = {"use": "nickname", "family": "Brennan", "given": ["Joe"]}
        edited = await joe.do("edit_record", **which, set={"gender": "male"}, add={"name": name})
        told = (await joe.do("record", kind="Practitioner", texts=True))["texts"]
        [found] = [json.loads(text) for text in told if json.loads(text)["id"] == edited["id"]]
        self.assertEqual((found["gender"], found["name"][-1]), ("male", name))
        await joe.do("edit_record", kind="Practitioner", resource=edited["id"], remove=["gender"])
        for fields, code in [
            ({"kind": "Practitioner"}, "invalid-request"),
            ({"kind": "Practitioner", "identifier": "urn:x|nobody"}, "not-found"),
            ({**which, "set": {"gender": 1}}, "not-fhir"),
            ({**which, "set": []}, "invalid-request"),
        ]:
            self.assertEqual((await joe.refused("edit_record", **fields))["code"], code)


class Signing(HostToken):
    """A host whose user is signed in, as long as it has a token."""

    def __init__(self, token: str | None) -> None:
        self.now = token
        self.asked = 0

    def token(self) -> str | None:
        self.asked += 1
        if self.now == "broken":
            raise HostTokenError.Failed()
        return self.now


class Server(ThreadingHTTPServer):
    """As much of a FHIR server as is needed to be let in or not: there is nothing in it."""

    daemon_threads = True
    takes = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server_port}/fhir"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.endswith("/metadata"):
            body = {"resourceType": "CapabilityStatement", "status": "active", "date": "2019-03-04", "kind": "instance"}
            body |= {"fhirVersion": "4.0.1", "format": ["json"], "rest": [{"mode": "server"}]}  # type: ignore[dict-item]
            status = 200
        else:
            let_in = self.headers.get("Authorization") == f"Bearer {self.server.takes}"
            status, body = (200 if let_in else 401), {"resourceType": "Bundle", "type": "searchset"}
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Tokens(Live):
    """A device reads its record with the token of the user who is signed in to the host."""

    async def test_the_host_is_asked_for_a_token_and_again_when_it_is_no_longer_taken(self) -> None:
        server = Server()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        server.takes = "first"
        host = Signing("first")
        async with caseline.session(*self.jane(record=RecordChoice.FHIR_AS_USER(server.url, host))) as jane:
            self.assertEqual(await jane.resources("CareTeam"), [])
            self.assertEqual(host.asked, 1, "kept while it is taken")
            server.takes = host.now = "second"
            self.assertEqual(await jane.resources("CareTeam"), [])
            self.assertEqual(host.asked, 2, "asked again, once")

            # The user has to sign in again: nothing is read until then.
            server.takes, host.now = "third", None
            with self.assertRaises(CaselineError.SignInRequired):
                await jane.resources("CareTeam")
            host.now = "broken"
            with self.assertRaises(CaselineError.SignInRequired) as caught:
                await jane.resources("CareTeam")
            self.assertNotIn("broken", str(caught.exception))
            host.now = "third"
            self.assertEqual(await jane.resources("CareTeam"), [])
