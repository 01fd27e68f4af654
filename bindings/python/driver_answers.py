"""How the answers and events of tests/DRIVER.md look: what the package tells, as JSON."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import caseline
from driver_checks import Failure


def shown(**fields: Any) -> dict[str, Any]:
    """What is there of these."""
    return {name: value for name, value in fields.items() if value is not None}


def instant(at: datetime | None) -> str | None:
    if at is None:
        return None
    told = at.astimezone(timezone.utc).replace(tzinfo=None).isoformat()
    return (told.rstrip("0") if "." in told else told) + "Z"


def reasons(given: list[caseline.Reason]) -> list[dict[str, str]]:
    return [{"code": reason.code, "text": reason.text, "source": reason.source} for reason in given]


def error(failure: Exception) -> dict[str, Any]:
    match failure:
        case Failure():
            return failure.told
        case caseline.CaselineError.NotAllowed():
            return {"code": failure.code, "detail": failure.detail, "reasons": reasons(failure.reasons)}
        case caseline.CaselineError.InvalidInput():
            told = shown(field=failure.field, line=failure.line)
            return {"code": failure.code, "detail": failure.detail, **told}
        case caseline.CaselineError():
            return {"code": failure.code, "detail": failure.detail}
    # Its text may hold what somebody wrote.
    return {"code": "driver", "detail": f"the driver failed ({type(failure).__name__})"}


def event_of(key: caseline.EventKey) -> dict[str, Any]:
    return {"sender": key.sender, "id": key.id}


def contact(known: caseline.Contact) -> dict[str, Any]:
    return shown(
        id=known.id,
        name=known.name,
        role=known.role,
        organization=known.organization,
        user=known.user,
        phone=known.phone,
        topics=[topic(each) for each in known.topics],
    )


def callee(called: caseline.Callee) -> dict[str, Any]:
    return contact(called.contact) | shown(
        reach=called.reach.name.lower(),
        at=instant(called.at),
        cover=called.cover,
        zone=called.zone,
        languages=called.languages,
        confirmed=called.confirmed,
        stale=called.stale,
        why=reasons(called.why),
    )


def topic(known: caseline.Topic) -> str:
    return known.name.lower().replace("_", "-")


def gap(found: caseline.ContactGap) -> dict[str, Any]:
    return {"organization": found.organization, "topic": topic(found.topic), "missing": found.missing}


def organization(known: caseline.Organization) -> dict[str, Any]:
    return shown(
        id=known.id, name=known.name, kind=known.kind, role_account=known.role_account, phone=known.phone
    )


def invitation(waiting: caseline.Invitation) -> dict[str, Any]:
    return shown(
        room=waiting.room,
        by=waiting.by,
        known=waiting.warning is None,
        contact=contact(waiting.contact) if waiting.contact else None,
        organization=waiting.organization.id if waiting.organization else None,
        warning=reasons([waiting.warning]) if waiting.warning else None,
        joined=True if waiting.joined else None,
    )


def care_team(team: caseline.ProposedCase) -> dict[str, Any]:
    return shown(
        care_team=team.care_team,
        name=team.name,
        status=team.status,
        contacts=[{**contact(each.contact), "lead": each.lead} for each in team.contacts],
        missing=team.missing,
    )


def care_plan(found: caseline.CarePlanFound) -> dict[str, Any]:
    return shown(
        care_plan=found.care_plan,
        title=found.title,
        status=found.status,
        care_teams=found.care_teams,
        activities=found.activities,
    )


def is_written(resource: str) -> bool:
    """Whether a case wrote this resource: it is found by one of our identifiers or tags."""
    fields = json.loads(resource)
    found = [*fields.get("identifier", []), *fields.get("meta", {}).get("tag", [])]
    names = ("case", "thread", "episode", "event", "plan", "scan", "stay", "override-review", "audit")
    ours = {f"urn:caseline:{name}" for name in names}
    return any(isinstance(one, dict) and one.get("system") in ours for one in found)


def signature(attested: caseline.PlanSignature) -> dict[str, Any]:
    signer = attested.signer
    organization = None
    if isinstance(signer, caseline.PlanSigner.CONTACT):
        who, organization = signer.contact, signer.organization
    else:
        who = "member" if isinstance(signer, caseline.PlanSigner.MEMBER) else "representative"
    return shown(
        signer=who,
        organization=organization,
        how=attested.how.name.lower(),
        on=attested.on,
        scan=attested.scan,
        by=attested.attested_by,
        at=instant(attested.attested_at),
    )


def plan_copy(given: caseline.PlanCopy) -> dict[str, Any]:
    to = given.to
    organization = None
    if isinstance(to, caseline.PlanCopyTo.CONTACT):
        who, organization = to.contact, to.organization
    else:
        who = "member" if isinstance(to, caseline.PlanCopyTo.MEMBER) else "representative"
    return shown(
        to=who,
        organization=organization,
        how=given.how.name.lower().replace("_", "-"),
        on=given.on,
        by=given.attested_by,
        at=instant(given.attested_at),
    )


def comparison(found: caseline.PlanComparison) -> dict[str, Any]:
    def difference(one: caseline.PlanDifference) -> dict[str, Any]:
        return shown(
            part=one.part,
            became=one.became,
            path=one.path,
            resource=one.resource,
            was=one.was,
            now=one.now,
            text=one.text,
        )

    return shown(
        was=found.was,
        now=found.now,
        differences=[difference(one) for one in found.differences],
        undone=[signature(each) for each in found.undone],
        approval_undone=found.approval_undone,
    )


def in_house(given: caseline.InHouseApproval | None) -> dict[str, Any] | None:
    if given is None:
        return None
    return shown(by=given.by, on=given.on, attested_by=given.attested_by, at=instant(given.attested_at))


def completed(done: caseline.PlanCompleted | None) -> dict[str, Any] | None:
    return shown(on=done.on, rule=done.rule, words=done.words) if done else None


def plan(sent: caseline.Plan) -> dict[str, Any]:
    return shown(
        plan=sent.plan,
        sha256=sent.sha256,
        status=sent.status,
        sent_by=sent.sent_by,
        sent_at=instant(sent.sent_at),
        by=sent.by,
        changes=sent.changes,
        in_house=in_house(sent.in_house),
        completed=completed(sent.completed),
        signatures=[signature(each) for each in sent.signatures],
        copies=[plan_copy(each) for each in sent.copies],
        changed=[
            {"organization": each.organization, "sha256": each.sha256, "by": each.by, "at": instant(each.at)}
            for each in sent.changed
        ],
    )


def whom(known: caseline.Whom | None) -> dict[str, str] | None:
    return {"contact": known.contact, "organization": known.organization} if known else None


def task(known: caseline.Task) -> dict[str, Any]:
    def step(taken: caseline.TaskStep) -> dict[str, Any]:
        return shown(
            **event_of(taken.key),
            by=taken.by,
            organization=taken.organization,
            at=instant(taken.at),
            deed=taken.deed,
            owner=whom(taken.owner),
            pool=taken.pool,
            text=taken.text,
        )

    return shown(
        sender=known.sender,
        task=known.task,
        title=known.title,
        detail=known.detail,
        owner=whom(known.owner),
        pool=known.pool,
        due=known.due,
        priority=known.priority.name.lower(),
        status=known.status,
        assigned_by=known.assigned_by,
        assigned_at=instant(known.assigned_at),
        steps=[step(taken) for taken in known.steps],
    )


def code(word: Any) -> str:
    return str(word.name.lower().replace("_", "-"))


def may_reach_out(may: caseline.MayReachOut) -> dict[str, Any]:
    return shown(answer=may.answer, until=may.until, reasons=reasons(may.reasons))


def crossing(one: caseline.Crossing) -> dict[str, Any]:
    def attempt(tried: caseline.CrossingAttempt) -> dict[str, Any]:
        return shown(
            **event_of(tried.key),
            by=tried.by,
            at=instant(tried.at),
            how=code(tried.how),
            reached=tried.reached,
            reached_contact=tried.reached_contact,
            outcome=tried.outcome,
        )

    return shown(
        **event_of(one.event),
        what=one.what,
        organization=one.organization,
        contact=one.contact,
        by=one.by,
        at=instant(one.at),
        standing=code(one.standing),
        attempts=[attempt(each) for each in one.attempts],
    )


def taken_back(one: caseline.ContactTakenBack | None) -> dict[str, Any] | None:
    return {"reason": one.reason, "by": one.by, "at": instant(one.at)} if one else None


def outreach(told: caseline.Outreach) -> dict[str, Any]:
    def stage(one: caseline.StageOf) -> dict[str, Any]:
        return shown(
            id=one.key.id,
            stage=code(one.stage),
            on=one.on,
            source=one.source,
            enrolled=one.enrolled,
            left=one.left,
            to_aco=one.to_aco,
            by=one.by,
            at=instant(one.at),
        )

    def contact_of(one: caseline.MemberContact) -> dict[str, Any]:
        return shown(
            **event_of(one.key),
            when=instant(one.when),
            contact=one.contact,
            channel=code(one.channel),
            face_to_face=one.face_to_face,
            reached=one.reached,
            outcome=one.outcome,
            about=one.about,
            not_made=code(one.not_made) if one.not_made else None,
            by=one.by,
            against_terms=reasons([one.against_terms]) if one.against_terms else None,
            withdrawn=taken_back(one.withdrawn),
        )

    def answer(one: caseline.OutreachAnswer) -> dict[str, Any]:
        return shown(granted=one.granted, until=one.until, reason=one.reason, by=one.by, at=instant(one.at))

    def ask(one: caseline.OutreachAsk) -> dict[str, Any]:
        return shown(
            sender=one.key.sender,
            ask=one.key.id,
            channel=code(one.channel),
            why=one.why,
            by=one.by,
            at=instant(one.at),
            answer=answer(one.answer) if one.answer else None,
        )

    def no_contact(one: caseline.NoContact) -> dict[str, Any]:
        said = {"on": one.on, "representative": one.representative, "reason": one.reason}
        return {**event_of(one.key), **said, "by": one.by, "at": instant(one.at)}

    return {
        **({"no_contact": no_contact(told.no_contact)} if told.no_contact else {}),
        "stages": [stage(one) for one in told.stages],
        "contacts": [contact_of(one) for one in told.contacts],
        "asks": [ask(one) for one in told.asks],
        "attempts": told.attempts,
        "clocks": [{"clock": one.clock, "from": one.since, "due": one.due} for one in told.clocks],
    }


def proposal(told: caseline.TeamProposal) -> dict[str, Any]:
    return {
        "sender": told.key.sender,
        "proposal": told.key.id,
        "organization": told.organization,
        "by": told.by,
        "at": instant(told.at),
        "add": [contact(each) for each in told.add],
        "end": [{"contact": each.contact, "organization": each.organization} for each in told.end],
    }


def message(said: caseline.Message) -> dict[str, Any]:
    standing = type(said.standing).__name__.rpartition(".")[2].lower()
    by = getattr(said.standing, "by", None)
    return shown(
        **event_of(said.key),
        **{"from": said.sender.id},
        text=said.text,
        at=instant(said.at),
        priority=said.priority.name.lower(),
        in_reply_to=event_of(said.in_reply_to) if said.in_reply_to else None,
        corrects=event_of(said.corrects) if said.corrects else None,
        standing=standing,
        by=event_of(by) if by else None,
        seen=[{"contact": seen.contact, "at": instant(seen.at)} for seen in said.seen],
        foreign=said.foreign,
        labels=said.labels or None,
        notice=said.notice,
    )


def state(case: caseline.CaseState) -> dict[str, Any]:
    def seat(held: caseline.Seat) -> dict[str, Any]:
        return {**contact(held.contact), "lead": held.lead, "accepted": held.accepted is not None}

    return {
        "case": case.case,
        "phase": case.phase,
        "roster": [seat(held) for held in case.roster],
        "plans": [plan(sent) for sent in case.plans],
        "team_proposals": [proposal(told) for told in case.team_proposals],
        "gaps": [event_of(key) for key in case.gaps],
        "digest": case.digest,
    }


def entry(line: caseline.TimelineEntry) -> dict[str, Any]:
    told = {
        **event_of(line.key),
        "kind": line.kind,
        "at": instant(line.at),
        "from": line.from_name,
        "body": line.text,
        "standing": line.standing,
        "sha256": line.sha256,
        "after_gap": line.after_gap,
        "withheld": line.withheld,
    }
    if line.reason:
        told["reason"] = reasons([line.reason])
    if line.reminder:
        reminder = line.reminder
        told.update(owed=reminder.owed, rung=reminder.rung, contact=reminder.contact)
    if line.labels:
        told["labels"] = line.labels
    return told


def due(owed: caseline.Due) -> dict[str, Any]:
    def rung(step: caseline.Rung) -> dict[str, Any]:
        posted = {"by": step.posted_by, "at": instant(step.posted_at)} if step.posted_by else None
        told = {"contact": step.contact, "name": step.name, "organization": step.organization}
        return {**told, "phone": step.phone, "at": instant(step.at), "posted": posted}

    return {
        "case": owed.case,
        "since": owed.since,
        "clock": owed.clock,
        "what": owed.what,
        "owner": owed.owner,
        "due": instant(owed.due),
        "overdue": owed.overdue,
        "ladder": [rung(step) for step in owed.ladder],
        "turn": owed.current,
    }


def notice(told: caseline.Notice) -> dict[str, Any] | None:
    match told.kind:
        case "missed":
            return None
        case "changed" | "confirm_patient" | "record_conflict" | "not_reached" | "signed_out" | "record_signed_out":
            more = shown(case=told.case, user=told.user, resource=told.resource)
        case "no_role_account":
            more = {"case": told.case}
        case "nobody_to_call":
            more = {"case": told.case, "gaps": [gap(each) for each in told.gaps]}
        case "record_dropped":
            more = {"resource": told.resource, "resource_id": told.resource_id, "paths": told.paths}
        case "record_not_watched":
            more = {"resource": told.resource, "code": told.code}
        case "record_unavailable":
            more = {"code": told.code}
        case "invitation":
            more = {"room": told.room, "by": told.user}
        case "held" | "refused" | "superseded":
            more = {"case": told.case, "id": told.event, "reasons": reasons(told.reasons)}
        case "room_left":
            more = {"room": told.room, "reasons": reasons(told.reasons)}
        case "not_encrypted":
            more = {"room": told.room, "sender": told.user}
        case _:
            more = shown(case=told.case, sender=told.user, id=told.event)
    return {"event": {"kind": told.kind, **more}}
