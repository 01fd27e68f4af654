"""The requests of tests/DRIVER.md: their verbs, and the fields of each."""

from __future__ import annotations

import json
from typing import Any

import caseline
from driver_checks import (
    ABOUT,
    alert,
    CHANNELS,
    Check,
    DAY,
    event_key,
    Failure,
    flag,
    HOW_SIGNED,
    invalid,
    mapping,
    marks,
    matching,
    named,
    one_of,
    place,
    PRIORITIES,
    REASONS,
    ROOMS,
    seconds,
    SHA256,
    STAGES,
    text,
    texts,
    time,
    TOPICS,
    uuid,
    WAYS,
    whole,
    whom,
    WRONG,
)

PAPER = {"text?": text, "path?": text}
AGENDA = {
    "plan_side": text,
    "community_side": text,
    "date": matching(DAY),
    "minutes": whole,
    "time?": text,
    "since?": matching(DAY),
}

# The fields of each verb; those that may be left out end with `?`.
FIELDS: dict[str, dict[str, Check]] = {
    "sign_in": {
        "homeserver": text,
        "user": text,
        "password": text,
        "store": text,
        "store_key": text,
        "record": place,
        "organization?": text,
    },
    "recovery_key": {},
    "confirm_recovery_key": {},
    "replace_recovery_key": {},
    "recover": {"key": text},
    "verified": {},
    "identity": {"user": text},
    "trust_identity": {"user": text, "key": text},
    "suspend": {},
    "resume": {},
    "shutdown": {},
    "clock": {"now": time},
    "import": {"bundle?": text, "path?": text},
    "add_agreement": PAPER,
    "add_rules": PAPER,
    "directory": {},
    "who_to_call": {"organization": text, "topic": one_of(TOPICS)},
    "contact_gaps": {},
    "care_teams": {"member": text},
    "care_plans": {"member": text},
    "open": {"care_team": text, "case?": uuid, "contacts?": named},
    "open_programme": {"with": text, "contacts?": named, "case?": uuid},
    "open_pair": {"with": text, "contacts?": named, "case?": uuid},
    "invitations": {},
    "accept": {"room": text, "despite_warning?": flag},
    "cases": {},
    "rooms": {"kind": one_of(ROOMS)},
    "state": {"case": uuid},
    "timeline": {"case": uuid},
    "messages": {"case": uuid},
    "tasks": {"case": uuid},
    "concerns": {"case": uuid},
    "check_concern": {"text": text},
    "answered_concerns": {"query?": text},
    "due": {"case?": uuid},
    "panel": {
        "plan_side?": text,
        "community_side?": text,
        "topic?": one_of(TOPICS),
        "mine_only?": flag,
        "most?": whole,
    },
    "side_by_side": {},
    "agenda": AGENDA,
    "save_appointment": AGENDA,
    "decide": {
        "plan_side": text,
        "community_side": text,
        "date": matching(DAY),
        "case": uuid,
        "text?": text,
        "title?": text,
        "due?": text,
        "owner?": text,
        "pool?": text,
        "organization?": text,
        "detail?": text,
        "priority?": one_of(PRIORITIES),
        "decision?": uuid,
    },
    "meetings": {"case": uuid},
    "meeting_agenda": {"case": uuid, "meeting": uuid},
    "set_meeting": {
        "case": uuid,
        "date": matching(DAY),
        "minutes": whole,
        "time?": text,
        "people?": texts,
        "agenda?": flag,
        "key?": uuid,
    },
    "prepare_meeting": {"case": uuid, "meeting": uuid, "key?": uuid},
    "answer_meeting": {"case": uuid, "meeting": uuid, "answer": text, "to?": time, "key?": uuid},
    "move_meeting": {
        "case": uuid,
        "meeting": uuid,
        "date": matching(DAY),
        "time?": text,
        "minutes?": whole,
        "key?": uuid,
    },
    "cancel_meeting": {
        "case": uuid,
        "meeting": uuid,
        "reason": text,
        "names_confirmed?": flag,
        "key?": uuid,
    },
    "hold_meeting": {"case": uuid, "meeting": uuid, "nothing?": texts, "not_reached?": texts, "key?": uuid},
    "decide_at_meeting": {
        "case": uuid,
        "meeting": uuid,
        "of": uuid,
        "text?": text,
        "title?": text,
        "due?": text,
        "owner?": text,
        "pool?": text,
        "organization?": text,
        "detail?": text,
        "priority?": one_of(PRIORITIES),
        "decision?": uuid,
    },
    "send": {
        "case": uuid,
        "text": text,
        "priority?": one_of(PRIORITIES),
        "in_reply_to?": event_key,
        "names_confirmed?": flag,
        "marks?": marks,
        "key?": uuid,
    },
    "correct": {"case": uuid, "message": uuid, "text": text, "key?": uuid},
    "retract": {"case": uuid, "message": uuid, "key?": uuid},
    "seen": {"case": uuid, "up_to": event_key},
    "send_care_plan": {"case": uuid, "care_plan": text, "marks?": marks, "key?": uuid},
    "acknowledge_plan": {"case": uuid, "plan": uuid, "key?": uuid},
    "approve_plan": {"case": uuid, "plan": uuid, "sha256?": matching(SHA256), "key?": uuid},
    "attest_signature": {
        "case": uuid,
        "plan": uuid,
        "signer": text,
        "organization?": text,
        "how": one_of(HOW_SIGNED),
        "on": matching(DAY),
        "sha256?": matching(SHA256),
        "key?": uuid,
    },
    "plan_copied": {
        "case": uuid,
        "plan": uuid,
        "to": text,
        "organization?": text,
        "how": one_of({how.name.lower().replace("_", "-"): how for how in caseline.CopiedHow}),
        "on": matching(DAY),
        "key?": uuid,
    },
    "return_plan": {"case": uuid, "plan": uuid, "changes": text, "key?": uuid},
    "raise_alert": {"member?": text, "name?": text, "birth_date?": text, "alert": alert},
    "alert": {"case": uuid, "alert": alert, "confirmed?": flag, "key?": uuid},
    "propose_visit": {
        "case": uuid,
        "stay": matching(SHA256),
        "at": time,
        "with": whom,
        "place?": text,
        "key?": uuid,
    },
    "answer_visit": {
        "case": uuid,
        "visit": uuid,
        "answer": one_of({"accept": "accept", "decline": "decline", "move": "move"}),
        "reason?": text,
        "to?": time,
        "key?": uuid,
    },
    "follow_up_done": {
        "case": uuid,
        "stay": matching(SHA256),
        "at": time,
        "face_to_face": flag,
        "outcome?": text,
        "key?": uuid,
    },
    "assign": {
        "case": uuid,
        "title": text,
        "due": text,
        "owner?": text,
        "pool?": text,
        "organization?": text,
        "detail?": text,
        "priority?": one_of(PRIORITIES),
        "marks?": marks,
        "key?": uuid,
    },
    "claim_task": {"case": uuid, "task": uuid, "key?": uuid},
    "accept_task": {"case": uuid, "task": uuid, "key?": uuid},
    "decline_task": {"case": uuid, "task": uuid, "reason": text, "key?": uuid},
    "hand_over_task": {
        "case": uuid,
        "task": uuid,
        "owner?": text,
        "pool?": text,
        "organization?": text,
        "reason?": text,
        "key?": uuid,
    },
    "complete_task": {"case": uuid, "task": uuid, "outcome": text, "key?": uuid},
    "cancel_task": {"case": uuid, "task": uuid, "reason": text, "key?": uuid},
    "crossings": {"case": uuid},
    "carried": {
        "case": uuid,
        "events": texts,
        "how": one_of(WAYS),
        "reached": flag,
        "outcome": text,
        "reached_contact?": text,
        "key?": uuid,
    },
    "consents": {"case": uuid},
    "denied": {"case": uuid},
    "may_tell": {"case": uuid, "marks?": marks},
    "record_consent": {
        "case": uuid,
        "categories": texts,
        "disclosers?": texts,
        "recipients?": texts,
        "covered?": flag,
        "purposes": texts,
        "tpo?": flag,
        "explanation": text,
        "from": text,
        "until?": text,
        "signed_on": text,
        "how": one_of(HOW_SIGNED),
        "representative?": flag,
        "source": text,
        "document?": matching(SHA256),
        "renews?": uuid,
        "key?": uuid,
    },
    "revoke_consent": {
        "case": uuid,
        "consent": uuid,
        "on": text,
        "source": text,
        "reason?": text,
        "key?": uuid,
    },
    "review_override": {"case": uuid, "event": event_key, "justified": flag, "finding": text, "key?": uuid},
    "raise_concern": {
        "case": uuid,
        "title": text,
        "text": text,
        "topic?": one_of(ABOUT),
        "priority?": one_of(PRIORITIES),
        "names_confirmed?": flag,
        "key?": uuid,
    },
    "hear_concern": {"case": uuid, "concern": uuid, "key?": uuid},
    "answer_concern": {
        "case": uuid,
        "concern": uuid,
        "text": text,
        "shared_as?": text,
        "names_confirmed?": flag,
        "key?": uuid,
    },
    "close_concern": {"case": uuid, "concern": uuid, "key?": uuid},
    "reopen_concern": {
        "case": uuid,
        "concern": uuid,
        "why": text,
        "names_confirmed?": flag,
        "key?": uuid,
    },
    "outreach": {"case": uuid},
    "may_reach_out": {"case": uuid, "channel": one_of(CHANNELS)},
    "stage": {
        "case": uuid,
        "stage": one_of(STAGES),
        "on": text,
        "source": text,
        "enrolled?": text,
        "left?": text,
        "to_aco?": text,
        "corrects?": uuid,
        "key?": uuid,
    },
    "record_contact": {
        "case": uuid,
        "when": time,
        "channel": one_of(CHANNELS),
        "face_to_face": flag,
        "reached": flag,
        "outcome": text,
        "by?": text,
        "about?": uuid,
        "key?": uuid,
    },
    "ask_outreach": {"case": uuid, "channel": one_of(CHANNELS), "why": text, "key?": uuid},
    "grant_outreach": {"case": uuid, "ask": uuid, "until?": text, "reason?": text, "key?": uuid},
    "refuse_outreach": {"case": uuid, "ask": uuid, "reason": text, "key?": uuid},
    "close_case": {"case": uuid, "reason": one_of(REASONS), "key?": uuid},
    "name_seat": {"case": uuid, "contact": text, "lead?": flag, "organization?": text, "key?": uuid},
    "end_seat": {"case": uuid, "contact": text, "organization?": text, "key?": uuid},
    "take_up_team": {"case": uuid, "proposal": uuid},
    "decline_team": {"case": uuid, "proposal": uuid, "key?": uuid},
    "look_at_record": {},
    "kept": {},
    "edit_record": {
        "kind": text,
        "resource?": text,
        "identifier?": text,
        "set?": mapping,
        "add?": mapping,
        "remove?": texts,
    },
    "outbox": {},
    "settle": {"timeout_s": seconds},
    "audit": {},
    "record": {"kind": text, "written?": flag, "texts?": flag},
}


def parse(line: bytes) -> tuple[Any, str, dict[str, Any]]:
    """The id, the verb and its fields. A failure carries the id, as far as it can be read, and no value."""

    def wrong(detail: str, number: Any = None) -> Failure:
        failure = invalid(detail)
        failure.number = number
        return failure

    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict):
        raise wrong("a request is one JSON object on one line")
    number = request.pop("id", None)
    if isinstance(number, bool) or not isinstance(number, int | float | str):
        raise wrong("a request has an `id`: a number or a string")
    verb = request.pop("do", None)
    known = FIELDS.get(verb) if isinstance(verb, str) else None
    if known is None:
        raise wrong("`do` names no verb that there is", number)
    fields: dict[str, Any] = {}
    for name, check in known.items():
        optional, name = name.endswith("?"), name.removesuffix("?")
        value = request.pop(name, None)
        if value is None:
            if not optional:
                raise wrong(f"missing field `{name}`", number)
            continue
        try:
            fields[name] = check(value)
        except Failure as failure:
            failure.number = number
            raise
        if fields[name] is WRONG:
            raise wrong(f"the field `{name}` has not the form that it should have", number)
    if request:
        names = ", ".join(name.removesuffix("?") for name in known)
        raise wrong(f"unknown field: `{verb}` has {names or 'none'}", number)
    return number, verb, fields
