"""Sends words to an echo device for ever: ``echo_client.py DATA_PORT RESET_PORT``.

Prints ``ready`` when the first of them are back.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np

from hxtwin.comm.arq import UdpHost


def main() -> None:
    with UdpHost("127.0.0.1", int(sys.argv[1]), int(sys.argv[2])) as link:
        ready = False
        while True:
            link.send(np.full(50_000, 0xDEAD, np.uint64))
            received = len(link.receive(1_000_000_000))
            if received and not ready:
                ready = True
                sys.stdout.write("ready\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
