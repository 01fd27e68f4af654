"""A first program: Jane opens Marty's case, writes, and sees what is due. Everybody in the sample data is made up.

    cargo xtask up          # in another terminal: starts the servers, and says what to give this program
    PYTHONPATH=$(cargo xtask bindings) python3 bindings/python/sample.py HOMESERVER USER PASSWORD CP.json

It keeps its store, and the recovery key beside it, in the folder `sample-store`. Started again it is the same device, and finds the
case that it opened.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from datetime import timedelta
from pathlib import Path

import caseline

DATA = Path(__file__).resolve().parents[2] / "examples/data"
CARE_TEAM = "https://caseline.example/care-team|marty"


def store_key(folder: Path) -> caseline.StoreKey:
    """A sample keeps its key in a file. An app keeps it in the system's key store."""
    file = folder / "store-key"
    if not file.exists():
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
            new.write(secrets.token_bytes(32))
    return caseline.StoreKey(file.read_bytes())


async def verify(client: caseline.Caseline, folder: Path) -> None:
    """Another store is another device, whose messages wait until the account's recovery key has vouched for it."""
    file = folder / "recovery-key"
    if key := await client.recovery_key():
        # Offered until it is confirmed: whoever signs in writes it down.
        file.write_text(key, encoding="utf-8")
        await client.confirm_recovery_key()
    elif not await client.verified():
        if not file.exists():
            sys.exit(f"this account has another device: put its recovery key into {file}, and start again")
        await client.recover(file.read_text(encoding="utf-8").strip())


async def main(homeserver: str, user: str, password: str, bundle: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    options = caseline.Options(store=str(folder / "store"), store_key=store_key(folder), homeserver=homeserver)
    async with caseline.session(options, user, password) as client:
        await verify(client, folder)
        await client.import_bundle(bundle.read_text(encoding="utf-8"))  # the same again creates nothing
        await client.add_agreement((DATA / "agreement.yaml").read_text(encoding="utf-8"))
        await client.add_rules((DATA / "rules.yaml").read_text(encoding="utf-8"))

        # Opened again, the care team would be another case.
        cases = await client.cases()
        case = cases[0] if cases else await client.open(CARE_TEAM)
        said = await case.send("Marty is in the hospital again. Visit together at ten?")
        await case.correct(said.id, "Marty is in the hospital again. Visit together at eleven?")
        await case.send_care_plan("https://caseline.example/care-plan|marty-2019")

        # Whoever is named is invited once they have signed in for the first time, while this client runs.
        print("sent:", await client.settle(within=timedelta(minutes=1)))
        for note in (await client.outbox()).notes:
            print("waits:", note.kind, note.code)
        for message in await case.messages():
            print("message:", type(message.standing).__name__.rpartition(".")[2].lower(), message.text)
        for owed in await client.due():
            people = ", then ".join(f"{rung.name} {rung.phone}" for rung in owed.ladder)
            print(f"due: {owed.what}, by {owed.due:%Y-%m-%d}: {people}")

        # The record: the embedded one here, a FHIR server with `record=caseline.RecordChoice.FHIR(url, None)`.
        [team] = await client.find_resources("CareTeam", [caseline.SearchParam(name="identifier", value=CARE_TEAM)])
        edits = [caseline.ResourceEdit.SET("name", json.dumps("Marty's team"))]
        team = await client.edit_resource("CareTeam", team.id, team.version, edits)
        goal = {
            "resourceType": "Goal",
            "identifier": [{"system": "https://example.org/goal", "value": "walk"}],
            "lifecycleStatus": "active",
            "description": {"text": "Walk to the park"},
            "subject": json.loads(team.json)["subject"],
        }
        made = await client.create_resource("Goal", json.dumps(goal))
        print("record:", json.loads(team.json)["name"], f"Goal/{made.id}")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    asyncio.run(main(*sys.argv[1:4], Path(sys.argv[4]), Path("sample-store")))
