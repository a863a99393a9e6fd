"""Holds an endpoint: ``claim_holder.py NAME``; prints ``ready`` and waits for the end of its input."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from hxtwin.comm.endpoint_claim import EndpointClaim

claim = EndpointClaim(sys.argv[1])
sys.stdout.write("ready\n")
sys.stdout.flush()
sys.stdin.read()
