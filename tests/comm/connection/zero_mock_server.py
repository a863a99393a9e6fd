"""Serves a zero-mock device over UDP; prints ``ready DATA_PORT RESET_PORT``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from hxtwin.comm.arq import UdpFpga
from hxtwin.comm.zero_mock import ZeroMockDevice

server = UdpFpga(ZeroMockDevice(), data_port=0, reset_port=0)
sys.stdout.write(f"ready {server.data_port} {server.reset_port}\n")
sys.stdout.flush()
server.serve()
