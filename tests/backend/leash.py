"""Runs a command for as long as the process that started this one lives: `leash.py COMMAND ...`.

Standard input is the leash. When it closes, the whole process group (this script leads it) is killed, so an
installer never outlives the command that wanted the installation.
"""

import os
import signal
import subprocess
import sys
import threading


def watch() -> None:
    while os.read(0, 64):
        pass
    os.killpg(0, signal.SIGKILL)


child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
threading.Thread(target=watch, daemon=True).start()
code = child.wait()
sys.stdout.flush()
os._exit(code if code >= 0 else 128 - code)
