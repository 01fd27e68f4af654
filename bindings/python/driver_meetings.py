"""All cases at a glance, agreements side by side, and meetings: what tests/DRIVER.md asks of them, and how they are shown."""

from __future__ import annotations

from typing import Any

import caseline
from driver_answers import callee, contact, event_of, gap, instant, shown, topic
from driver_checks import invalid


async def ask(client: caseline.Caseline, verb: str, fields: dict[str, Any]) -> dict[str, Any]:
    match verb:
        case "panel":
            return panel(await client.panel(**fields))
        case "side_by_side":
            return {"agreements": [beside(each) for each in await client.side_by_side()]}
    meeting = caseline.Meeting(**{name: fields.pop(name) for name in ("plan_side", "community_side", "date")})
    match verb:
        case "agenda":
            return agenda(await client.agenda(meeting, **fields))
        case "save_appointment":
            saved = await client.save_appointment(meeting, **fields)
            return {"id": saved.id, "version": saved.version}
    case_id, decision = fields.pop("case"), fields.pop("decision", None)
    return event_of(await client.decide(meeting, case_id, decided(fields), decision))


def decided(fields: dict[str, Any]) -> caseline.WhatIsDecided:
    """What is decided: a message, or a task."""
    if "text" in fields and not {"title", "due"} & set(fields):
        return caseline.WhatIsDecided.MESSAGE(fields["text"], fields.get("priority"))
    if "text" in fields or not {"title", "due"} <= set(fields):
        raise invalid("give either `text`, or `title` and `due`")
    if ("owner" in fields) == ("pool" in fields):
        raise invalid("give either `owner` or `pool`")
    return caseline.WhatIsDecided.TASK(caseline.DecidedTask(**fields))


def counts(of: caseline.PanelCounts) -> dict[str, int]:
    names = ("open", "due", "overdue", "unsigned", "admitted", "quiet", "unread", "messages", "tasks")
    return {name: getattr(of, name) for name in names}


def panel(of: caseline.Panel) -> dict[str, Any]:
    topics = [{"topic": topic(one.topic), "due": one.due, "overdue": one.overdue} for one in of.topics]
    return {
        "at": instant(of.at),
        "counts": counts(of.counts),
        "topics": topics,
        "pairs": [pair(one) for one in of.pairs],
        "cases": [case_of(one) for one in of.cases],
        "more": of.more,
        "page": of.page,
    }


def pair(of: caseline.PairPanel) -> dict[str, Any]:
    turns = [
        {
            "kind": one.kind,
            "samples": one.samples,
            "median_s": int(one.median.total_seconds()),
            "ninetieth_s": int(one.ninetieth.total_seconds()),
        }
        for one in of.turn_rounds
    ]
    return {
        "plan_side": of.plan_side,
        "plan_name": of.plan_name,
        "community_side": of.community_side,
        "community_name": of.community_name,
        "counts": counts(of.counts),
        "turn_rounds": turns,
    }


def case_of(of: caseline.PanelCase) -> dict[str, Any]:
    due = of.next and {
        "topic": topic(of.next.topic),
        "clock": of.next.clock,
        "due": instant(of.next.due),
        "overdue": of.next.overdue,
        "owner": of.next.owner,
        "mine": of.next.mine,
    }
    return shown(
        case=of.case_id,
        member=of.member,
        plan_side=of.plan_side,
        community_side=of.community_side,
        next=due,
        unsigned_since=instant(of.unsigned_since),
        admitted_since=instant(of.admitted_since),
        quiet=of.quiet,
        unread=of.unread,
        tasks=of.tasks,
        own_tasks=of.own_tasks,
        last=instant(of.last),
    )


def beside(of: caseline.AgreementBeside) -> dict[str, Any]:
    clocks = [
        shown(
            clock=one.clock,
            length=one.length,
            unit=one.unit,
            counts_from=one.counts_from,
            of_rules=one.of_rules,
        )
        for one in of.clocks
    ]
    contacts = [
        {"organization": one.organization, "topic": topic(one.topic), "primary": callee(one.primary)}
        for one in of.contacts
    ]
    return shown(
        agreement=of.agreement,
        version=of.version,
        title=of.title,
        plan_side=of.plan_side,
        plan_name=of.plan_name,
        community_side=of.community_side,
        community_name=of.community_name,
        other=of.other,
        in_force=of.in_force,
        until=of.until,
        plan_side_shares=of.plan_side_shares,
        community_side_shares=of.community_side_shares,
        outreach=[shown(channel=one.channel, rule=one.rule, until=one.until) for one in of.outreach],
        attempts_before_unreachable=of.attempts_before_unreachable,
        quiet=of.quiet,
        clocks=clocks,
        contacts=contacts,
        gaps=[gap(one) for one in of.gaps],
        transport=of.transport,
        counts=counts(of.counts),
    )


def item(of: caseline.AgendaItem) -> dict[str, Any]:
    matters = [
        {"kind": one.kind, "since": instant(one.since), "headline": one.headline, "detail": one.detail}
        for one in of.matters
    ]
    call = [{"name": one.name, "organization": one.organization, "phone": one.phone} for one in of.call]
    return {
        "case": of.case_id,
        "member": of.member,
        "birth_date": of.birth_date,
        "headline": of.headline,
        "matters": matters,
        "decide": of.decide,
        "call": call,
        "minutes": of.minutes,
    }


def point(of: caseline.AgendaPoint) -> dict[str, Any]:
    return {**event_of(of.key), "title": of.title, "text": of.text, "by": of.by, "minutes": of.minutes}


def concern(of: caseline.AgendaConcern) -> dict[str, Any]:
    return {
        "case": of.case_id,
        "sender": of.key.sender,
        "concern": of.key.id,
        "title": of.title,
        "topic": of.topic.name.lower(),
        "priority": of.priority.name.lower(),
        "status": of.status,
        "overdue": of.overdue,
        "since": instant(of.since),
        "detail": of.detail,
        "decide": of.decide,
        "call": [
            {"name": one.name, "organization": one.organization, "phone": one.phone} for one in of.call
        ],
        "minutes": of.minutes,
    }


def agenda(of: caseline.Agenda) -> dict[str, Any]:
    return {
        "meeting": of.meeting,
        "plan_name": of.plan_name,
        "community_name": of.community_name,
        "begins": instant(of.begins),
        "ends": instant(of.ends),
        "minutes": of.minutes,
        "since": of.since,
        "at": instant(of.at),
        "items": [item(one) for one in of.items],
        "not_reached": [item(one) for one in of.not_reached],
        "come_up": [item(one) for one in of.come_up],
        "points": [point(one) for one in of.points],
        "points_not_reached": [point(one) for one in of.points_not_reached],
        "concerns": [concern(one) for one in of.concerns],
        "concerns_not_reached": [concern(one) for one in of.concerns_not_reached],
        "process": of.process,
        "process_minutes": of.process_minutes,
        "people": [contact(one) for one in of.people],
        "markdown": of.markdown,
        "page": of.page,
        "calendar": of.calendar,
        "appointment": of.appointment,
    }
