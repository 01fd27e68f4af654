"""What the fields of the requests of tests/DRIVER.md may hold, and how a request fails."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import caseline

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SHA256 = re.compile(r"[0-9a-f]{64}")
TOPICS = {topic.name.lower().replace("_", "-"): topic for topic in caseline.Topic if topic.name != "OTHER"}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
HOW_SIGNED = {how.name.lower(): how for how in caseline.SignedHow}
CHANNELS = {channel.name.lower(): channel for channel in caseline.OutreachChannel}
WAYS = {way.name.lower().replace("_", "-"): way for way in caseline.CrossingWay}
STAGES = {stage.name.lower().replace("_", "-"): stage for stage in caseline.OutreachStage}
REASONS = {reason.name.lower().replace("_", "-"): reason for reason in caseline.CloseReason}
ABOUT = {about.name.lower(): about for about in caseline.ConcernAbout}
ROOMS = {kind.name.lower(): kind for kind in caseline.RoomKind}
MEMBER_FIELDS = {one: one for one in ("name", "birth-date", "phone", "address", "language", "household")}
SERVICES = {one: one for one in ("nutrition", "housing", "transport", "utilities", "employment", "other")}
OUTCOMES = {one: one for one in ("provided", "partly", "not-provided")}
CAPACITIES = {one: one for one in ("yes", "waitlist", "no")}
TOLD = {
    **OUTCOMES,
    **{one: one for one in ("capacity-asked", "places", "waitlist", "no-places", "accepted", "declined")},
    **{one: one for one in ("sub-referred", "closed", "cancelled")},
}
PRIORITIES = {priority.name.lower(): priority for priority in caseline.MessagePriority}


class Failure(Exception):
    """Why a request fails, beside the client's own errors."""

    def __init__(self, code: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.told = {"code": code, "detail": detail, **more}
        self.number: Any = None


def invalid(detail: str) -> Failure:
    return Failure("invalid-request", detail)


Check = Callable[[Any], Any]
WRONG = object()


def text(value: Any) -> Any:
    return value if isinstance(value, str) else WRONG


def flag(value: Any) -> Any:
    return value if isinstance(value, bool) else WRONG


def whole(value: Any) -> Any:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32
    return value if good else WRONG


def seconds(value: Any) -> Any:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 86400 * 366
    return timedelta(seconds=value) if good else WRONG


def matching(pattern: re.Pattern[str]) -> Check:
    return lambda value: value if isinstance(value, str) and pattern.fullmatch(value) else WRONG


def mapping(value: Any) -> Any:
    return value if isinstance(value, dict) else WRONG


def texts(value: Any) -> Any:
    return value if isinstance(value, list) and all(isinstance(one, str) for one in value) else WRONG


def several_of(words: dict[str, Any]) -> Check:
    def check(value: Any) -> Any:
        good = isinstance(value, list) and all(isinstance(one, str) and one in words for one in value)
        return [words[one] for one in value] if good else WRONG

    return check


def texts_of(words: dict[str, Any]) -> Check:
    def check(value: Any) -> Any:
        good = isinstance(value, dict) and all(one in words for one in value)
        return value if good and all(isinstance(one, str) for one in value.values()) else WRONG

    return check


def one_of(words: dict[str, Any]) -> Check:
    return lambda value: words.get(value, WRONG) if isinstance(value, str) else WRONG


def time(value: Any) -> Any:
    try:
        read = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return WRONG
    return read if read.tzinfo is not None else WRONG


def event_key(value: Any) -> Any:
    if not isinstance(value, dict) or set(value) != {"sender", "id"}:
        return WRONG
    if text(value["sender"]) is WRONG or uuid(value["id"]) is WRONG:
        return WRONG
    return caseline.EventKey(sender=value["sender"], id=value["id"])


def named(value: Any) -> Any:
    if not isinstance(value, list):
        return WRONG
    contacts = []
    for one in value:
        if not isinstance(one, dict) or not {"contact"} <= set(one) <= {"contact", "lead"}:
            return WRONG
        if text(one["contact"]) is WRONG or flag(one.get("lead", False)) is WRONG:
            return WRONG
        contacts.append(caseline.NamedContact(contact=one["contact"], lead=one.get("lead", False)))
    return contacts


HAPPENINGS = {what.name.lower().replace("_", "-"): what for what in caseline.Happening}
CLASSES = {one.name.lower(): one for one in caseline.StayClass}


def alert(value: Any) -> Any:
    checks: dict[str, Check] = {
        "facility": text,
        "visit": text,
        "what": one_of(HAPPENINGS),
        "at": time,
        "class": one_of(CLASSES),
        "source": text,
        "cancels": one_of(HAPPENINGS),
        "facility_name": text,
        "message": text,
        "priority": one_of(PRIORITIES),
    }
    needed = {"facility", "visit", "what", "at", "class", "source"}
    if not isinstance(value, dict) or not needed <= set(value) <= set(checks):
        return WRONG
    read = {name: checks[name](one) for name, one in value.items() if one is not None}
    if WRONG in read.values() or not needed <= set(read):
        return WRONG
    read["stay_class"] = read.pop("class")
    if "message" in read:
        read["message_id"] = read.pop("message")
    return caseline.Alert(**read)


def whom(value: Any) -> Any:
    if not isinstance(value, list):
        return WRONG
    asked = []
    for one in value:
        if not isinstance(one, dict) or not {"contact", "organization"} <= set(one):
            return WRONG
        if text(one["contact"]) is WRONG or text(one["organization"]) is WRONG:
            return WRONG
        asked.append(caseline.Whom(contact=one["contact"], organization=one["organization"]))
    return asked


def place(value: Any) -> Any:
    if not isinstance(value, dict) or not set(value) <= {"embedded", "fhir", "token", "none"}:
        return WRONG
    url, token = value.get("fhir"), value.get("token")
    if not isinstance(url, str | None) or not isinstance(token, str | None):
        return WRONG
    named = {
        "embedded": value.get("embedded") is True,
        "fhir": url is not None,
        "none": value.get("none") is True,
    }
    match [name for name, there in named.items() if there]:
        case ["embedded"]:
            return caseline.RecordChoice.EMBEDDED()
        case ["fhir"]:
            return caseline.RecordChoice.FHIR(url, token)
        case ["none"]:
            return caseline.RecordChoice.NOWHERE()
    detail = 'name one place: {"embedded":true}, {"fhir":"…"} or {"none":true}'
    raise Failure("invalid-record", detail, field="record")


def marks(value: Any) -> Any:
    if not isinstance(value, dict) or not set(value) <= {"labels", "unlabelled", "emergency"}:
        return WRONG
    reasons = [value.get("unlabelled"), value.get("emergency")]
    if texts(value.get("labels", [])) is WRONG or not all(isinstance(one, str | None) for one in reasons):
        return WRONG
    return value


def scan(value: Any) -> Any:
    if not isinstance(value, dict) or set(value) != {"content_type", "data"}:
        return WRONG
    if text(value["content_type"]) is WRONG or text(value["data"]) is WRONG:
        return WRONG
    try:
        data = base64.b64decode(value["data"], validate=True)
    except ValueError:
        raise Failure("invalid-scan", "a scan travels in base64", field="scan") from None
    return caseline.Scan(content_type=value["content_type"], data=data)


uuid = matching(UUID)
