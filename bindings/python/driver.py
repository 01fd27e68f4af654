"""A client that is told what to do by lines of JSON: the second driver of tests/DRIVER.md.

    PYTHONPATH=$(cargo xtask bindings) python3 -u bindings/python/driver.py [--story-clock]

Only what the package `caseline` offers is used here, so whatever plays through this driver tests the bindings.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import sys
import threading
from collections.abc import Awaitable
from datetime import datetime
from pathlib import Path
from typing import Any

try:
    import caseline
except ImportError as error:
    sys.exit(f"driver: {error}: start it with PYTHONPATH=$(cargo xtask bindings)")

import driver_alerts
import driver_concerns
import driver_consents
import driver_meetings
import driver_pairs
import driver_referrals
from driver_answers import (
    callee,
    care_plan,
    care_team,
    comparison,
    contact,
    crossing,
    due,
    entry,
    error,
    event_of,
    gap,
    invitation,
    is_written,
    may_reach_out,
    message,
    notice,
    organization,
    outreach,
    shown,
    state,
    task,
)
from driver_checks import SHA256, Failure, invalid
from driver_requests import parse

# --- What is asked --------------------------------------------------------------------------------------------------


def signer(who: str, organization: str | None) -> caseline.PlanSigner:
    if organization is not None:
        return caseline.PlanSigner.CONTACT(contact=who, organization=organization)
    if who == "member":
        return caseline.PlanSigner.MEMBER()
    if who == "representative":
        return caseline.PlanSigner.REPRESENTATIVE()
    raise invalid("a signer is `member`, `representative`, or a contact, then with their `organization`")


def copy_to(who: str, organization: str | None) -> caseline.PlanCopyTo:
    if organization is not None:
        return caseline.PlanCopyTo.CONTACT(contact=who, organization=organization)
    if who == "member":
        return caseline.PlanCopyTo.MEMBER()
    if who == "representative":
        return caseline.PlanCopyTo.REPRESENTATIVE()
    raise invalid("a copy goes to `member`, `representative`, or a contact, then with their `organization`")


def paper(fields: dict[str, Any], name: str) -> str:
    if (name in fields) == ("path" in fields):
        raise invalid(f"give either `{name}` or `path`")
    if name in fields:
        return str(fields[name])
    try:
        return Path(fields["path"]).read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise Failure("unreadable-file", "the file cannot be read", field="path") from None


async def ask(client: caseline.Caseline, verb: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Answers what needs a session."""
    match verb:
        case "recovery_key":
            return {"key": await client.recovery_key()}
        case "confirm_recovery_key" | "suspend" | "resume":
            await getattr(client, verb)()
            return {}
        case "replace_recovery_key":
            return {"key": await client.replace_recovery_key()}
        case "recover":
            await client.recover(fields["key"])
            return {}
        case "verified":
            return {"verified": await client.verified()}
        case "identity":
            identity = await client.identity(fields["user"])
            return {
                "key": identity and identity.key,
                **({"changed_from": identity.changed_from} if identity and identity.changed_from else {}),
            }
        case "trust_identity":
            await client.trust_identity(fields["user"], fields["key"])
            return {}
        case "import":
            return {"created": await client.import_bundle(paper(fields, "bundle"))}
        case "add_agreement" | "add_rules":
            kept = await getattr(client, verb)(paper(fields, "text"))
            return {"id": kept.id, "version": kept.version}
        case "directory":
            known = await client.directory()
            organizations = [organization(each) for each in known.organizations]
            return {"organizations": organizations, "contacts": [contact(each) for each in known.contacts]}
        case "who_to_call":
            found = await client.who_to_call(**fields)
            return {"contacts": [callee(each) for each in [found.primary, *found.backups]]}
        case "contact_gaps":
            return {"gaps": [gap(each) for each in await client.contact_gaps()]}
        case "care_teams":
            return {"care_teams": [care_team(each) for each in await client.care_teams(**fields)]}
        case "care_plans":
            return {"care_plans": [care_plan(each) for each in await client.care_plans(**fields)]}
        case "open" | "accept":
            case = await getattr(client, verb)(**fields)
            return {"case": case.id()}
        case "invitations":
            return {"invitations": [invitation(each) for each in await client.invitations()]}
        case "open_programme" | "rooms" | "check_concern" | "answered_concerns":
            return await driver_concerns.ask(client, verb, fields)
        case "open_pair":
            return await driver_pairs.open_pair(client, fields)
        case "panel" | "side_by_side" | "agenda" | "decide" | "save_appointment":
            return await driver_meetings.ask(client, verb, fields)
        case "hand_over_for_absent":
            return {"handed": await client.hand_over_for_absent()}
        case "raise_alert":
            return driver_alerts.outcome(await client.raise_alert(**fields))
        case "cases":
            return {"cases": [{"case": case.id()} for case in await client.cases()]}
        case "due":
            wanted = fields.get("case", "").lower()
            owed = [each for each in await client.due() if wanted in ("", each.case)]
            return {"due": [due(each) for each in owed]}
        case "outbox":
            status = await client.outbox()
            notes = [{"lane": note.lane, "kind": note.kind, "code": note.code} for note in status.notes]
            return {"waiting": status.waiting, "notes": notes}
        case "settle":
            return {"settled": await client.settle(fields["timeout_s"])}
        case "audit":
            audit = await client.audit()
            chain = shown(
                chain=audit.chain, length=audit.length, ok=audit.problem is None, problem=audit.problem
            )
            return {"entries": audit.length, "chains": [chain]}
        case "record":
            resources = await client.resources(fields["kind"])
            if fields.get("written"):
                resources = [each for each in resources if is_written(each.json)]
            told = {"count": len(resources), "ids": [each.id for each in resources]}
            if fields.get("texts"):
                told["texts"] = [each.json for each in resources]
            return told
        case "look_at_record":
            await client.look_at_record()
            await client.refresh_directory()
            return {}
        case "kept":
            kept = await client.kept()
            return {"kept": [{"kind": each.kind, "id": each.id, "reason": each.reason} for each in kept]}
        case "edit_record":
            return await edit(client, **fields)
    return await say(await client.case(fields.pop("case")), verb, fields)


def is_identified(resource: str, identifier: str) -> bool:
    """Whether a resource has this identifier, `system|value`."""
    system, _, value = identifier.partition("|")
    found = json.loads(resource).get("identifier", [])
    return any(one.get("system") == system and one.get("value") == value for one in found)


async def edit(
    client: caseline.Caseline,
    kind: str,
    resource: str | None = None,
    identifier: str | None = None,
    set: dict[str, Any] | None = None,
    add: dict[str, Any] | None = None,
    remove: list[str] | None = None,
) -> dict[str, Any]:
    """What somebody changes in the record by another way than a case."""
    if (resource is None) == (identifier is None):
        raise invalid("give either `resource` or `identifier`")
    if resource is None:
        resources = await client.resources(kind)
        named = [each for each in resources if is_identified(each.json, str(identifier))]
        # A case's copy of a plan has the identifiers of what was sent.
        found = [each for each in named if not is_written(each.json)] or named
        if len(found) != 1:
            raise Failure("not-found", "there is no such resource here")
        [base] = found
    else:
        base = await client.resource(kind, resource)
    edits: list[caseline.ResourceEdit] = [
        *(caseline.ResourceEdit.SET(path, json.dumps(value)) for path, value in (set or {}).items()),
        *(caseline.ResourceEdit.ADD(path, json.dumps(value)) for path, value in (add or {}).items()),
        *(caseline.ResourceEdit.REMOVE(path) for path in remove or []),
    ]
    stored = await client.edit_resource(kind, base.id, base.version, edits)
    return {"id": stored.id, "version": stored.version}


async def say(case: caseline.Case, verb: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Answers what is asked of one case."""
    case = driver_consents.marked(case, fields.pop("marks", None))
    match verb:
        case "state":
            told = await case.state()
            stays = [driver_alerts.stay(each) for each in told.stays]
            visits = [driver_alerts.visit(each) for each in told.visits]
            return {**state(told), "stays": stays, "visits": visits}
        case "timeline":
            return {"events": [entry(line) for line in await case.timeline()]}
        case "messages":
            return {"messages": [message(one) for one in await case.messages()]}
        case "tasks":
            return {"tasks": [task(each) for each in await case.tasks()]}
        case "concerns":
            return await driver_concerns.concerns(case)
        case _ if verb in driver_pairs.VERBS:
            return await driver_pairs.ask(case, verb, fields)
        case "assign" | "hand_over_task" if ("owner" in fields) == ("pool" in fields):
            raise invalid("give either `owner` or `pool`")
        case "compare_plans":
            return comparison(await case.compare_plans(**fields))
        case "scan":
            found = await case.scan(**fields)
            data = found and base64.b64encode(found.data).decode()
            return {"scan": {"content_type": found.content_type, "data": data} if found else None}
        case "crossings":
            return {"crossings": [crossing(each) for each in await case.crossings()]}
        case "consents":
            return driver_consents.consents(await case.consents())
        case "denied":
            return driver_consents.denied(await case.denied())
        case "may_tell":
            return driver_consents.may_tell(await case.may_tell())
        case "record_consent":
            return await driver_consents.record(case, **fields)
        case "referrals" | "refer" | "send_referral":
            return await driver_referrals.ask(case, verb, fields)
        case "outreach":
            return outreach(await case.outreach())
        case "may_reach_out":
            return may_reach_out(await case.may_reach_out(**fields))
        case "seen":
            said = await case.seen(**fields)
            return {"event": event_of(said) if said else None}
        case "send_care_plan":
            sent = await case.send_care_plan(**fields)
            return {**event_of(sent.key), "sha256": sent.sha256}
        case "attest_signature":
            signs = signer(fields.pop("signer"), fields.pop("organization", None))
            return event_of(await case.attest_signature(signer=signs, **fields))
        case "plan_copied":
            to = copy_to(fields.pop("to"), fields.pop("organization", None))
            return event_of(await case.plan_copied(to=to, **fields))
        case "alert":
            return event_of(await case.raise_alert(**fields))
        case "propose_visit":
            stay, at, others = (fields.pop(name) for name in ("stay", "at", "with"))
            return event_of(await case.propose_visit(stay, at, others, **fields))
        case "answer_visit":
            return await driver_alerts.answer_visit(case, **fields)
        case "take_up_team":
            await case.take_up_team_proposal(**fields)
            return {}
        case "decline_team":
            return event_of(await case.decline_team_proposal(**fields))
    # The rest are commands, of the same names and with the same arguments.
    return event_of(await getattr(case, verb)(**fields))


# --- The process ----------------------------------------------------------------------------------------------------


def put(line: dict[str, Any]) -> None:
    """Writes one line to standard output, whole."""
    told = json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"
    try:
        sys.stdout.buffer.write(told.encode())
        sys.stdout.buffer.flush()
    except OSError:
        pass  # Who no longer reads will close our input next.


def read(lines: asyncio.Queue[bytes | None], loop: asyncio.AbstractEventLoop) -> None:
    """Passes the lines of standard input on, then None. A thread of its own: such a read cannot be called off."""

    def tell(line: bytes | None) -> None:
        try:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        except RuntimeError:
            pass  # The loop has ended first.

    # Not `sys.stdin`: the interpreter could not end while its buffer is locked.
    rest = b""
    while chunk := os.read(0, 65536):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            tell(line)
    if rest:
        tell(rest)
    tell(None)


class Driver:
    def __init__(self, story_clock: bool) -> None:
        self.moves = story_clock
        self.clock = caseline.StoryClock()
        self.client: caseline.Caseline | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, lines.put_nowait, None)
        threading.Thread(target=read, args=(lines, loop), daemon=True).start()
        last = None
        while (line := await lines.get()) is not None:
            if not line.strip():
                continue
            try:
                number, verb, fields = parse(line)
            except Failure as failure:
                put({"id": failure.number, "error": error(failure)})
                continue
            if verb == "shutdown":
                last = {"id": number, "ok": {}}
                break
            await self.take(number, verb, fields)
        await self.end()
        if last:
            put(last)

    async def take(self, number: Any, verb: str, fields: dict[str, Any]) -> None:
        if verb == "clock":
            await self.answer(number, self.set_clock(fields["now"]))
        elif verb == "sign_in":
            await self.answer(number, self.sign_in(fields))
        elif self.client is None:
            await self.answer(number, self.refuse())
        elif verb in ("settle", "accept"):
            # These wait for others: the next request is taken meanwhile.
            self.spawn(self.answer(number, ask(self.client, verb, fields)))
        else:
            await self.answer(number, ask(self.client, verb, fields))

    async def answer(self, number: Any, asked: Awaitable[dict[str, Any]]) -> None:
        try:
            outcome = {"ok": await asked}
        except Exception as failure:
            outcome = {"error": error(failure)}
        put({"id": number, **outcome})

    def spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def refuse(self) -> dict[str, Any]:
        raise Failure("sign-in-required", "sign in first")

    async def set_clock(self, now: datetime) -> dict[str, Any]:
        if not self.moves:
            detail = "the clock is the machine's: start with --story-clock to move it"
            raise Failure("not-allowed", detail, reasons=[])
        self.clock.set(now)
        return {}

    async def sign_in(self, fields: dict[str, Any]) -> dict[str, Any]:
        if self.client is not None:
            raise invalid("there is a session already")
        if not SHA256.fullmatch(fields["store_key"].lower()):
            detail = "the store's key is 64 hexadecimal digits"
            raise Failure("invalid-store-key", detail, field="store_key")
        options = caseline.Options(
            store=fields["store"],
            store_key=caseline.StoreKey(bytes.fromhex(fields["store_key"])),
            homeserver=fields["homeserver"],
            record=fields["record"],
            story_clock=self.clock,
        )
        try:
            client, restored = await caseline.Caseline.restore(options), True
        except caseline.CaselineError.SignInRequired as failure:
            if failure.code != "no-session":
                raise
            client = await caseline.Caseline.sign_in(options, fields["user"], fields["password"])
            restored = False
        if client.user() != fields["user"]:
            await client.shutdown()
            detail = "conflict: this store belongs to another account: use another folder"
            raise Failure("other-account", detail)
        self.spawn(self.tell(client))
        verified = await client.verified()
        self.client = client
        return {"user": client.user(), "verified": verified, "restored": restored}

    async def tell(self, client: caseline.Caseline) -> None:
        async for told in caseline.notices(client):
            if line := notice(told):
                put(line)

    async def end(self) -> None:
        if self.client is not None:
            # Whatever is pending ends with it.
            await self.client.shutdown()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def main() -> None:
    arguments = sys.argv[1:]
    if any(argument != "--story-clock" for argument in arguments):
        told = "driver: the only argument is --story-clock; the rest comes as lines (tests/DRIVER.md)"
        print(told, file=sys.stderr)
        sys.exit(2)
    asyncio.run(Driver(bool(arguments)).run())


if __name__ == "__main__":
    main()
