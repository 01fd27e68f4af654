"""Runs one Synapse for as long as the process that started it lives.

    run.py FOLDER SERVER_NAME

FOLDER holds `homeserver.yaml`; keys and the certificate are made in it on the first start. Standard input is
the leash: when it closes, however the parent ended, Synapse is asked to stop and then made to. A parent that
says "stop" before closing wants to keep FOLDER (it will start again, or removes it itself); one that died
without a word will never come back for it, so it is removed here.
"""

import datetime
import os
import shutil
import signal
import sys
import threading
import time

PATIENCE = 8.0


def make_keys(folder: str, server_name: str) -> None:
    """Makes the signing key and a self-signed certificate, unless they are there already."""
    from signedjson.key import generate_signing_key, write_signing_keys

    signing = os.path.join(folder, "signing.key")
    if not os.path.exists(signing):
        with open(signing + ".new", "w", encoding="ascii") as file:
            write_signing_keys(file, [generate_signing_key("a_local")])
        os.replace(signing + ".new", signing)

    certificate = os.path.join(folder, "tls.crt")
    if os.path.exists(certificate):
        return
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    host = server_name.rsplit(":", 1)[0]
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.timezone.utc)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    with open(os.path.join(folder, "tls.key"), "wb") as file:
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    with open(certificate + ".new", "wb") as file:
        file.write(signed.public_bytes(serialization.Encoding.PEM))
    os.replace(certificate + ".new", certificate)


class Leash:
    """Waits for the end of standard input, then ends this process."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.orphaned = False
        threading.Thread(target=self._watch, name="leash", daemon=True).start()

    def _watch(self) -> None:
        last_words = b""
        while True:
            some = os.read(0, 64)
            if not some:
                break
            last_words += some
        self.orphaned = last_words != b"stop"
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE)
        self.clean_up()
        os._exit(1)

    def clean_up(self) -> None:
        """Removes the folder if nobody is left who would."""
        if self.orphaned:
            shutil.rmtree(self.folder, ignore_errors=True)


def main() -> None:
    folder, server_name = sys.argv[1:3]
    # Until Synapse's own handler is in place, a SIGTERM still ends us by way of `finally`.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    leash = Leash(folder)
    try:
        make_keys(folder, server_name)
        from synapse.app.homeserver import main as synapse_main

        sys.argv = [sys.argv[0], "--config-path", os.path.join(folder, "homeserver.yaml")]
        synapse_main()
    finally:
        leash.clean_up()


if __name__ == "__main__":
    main()
