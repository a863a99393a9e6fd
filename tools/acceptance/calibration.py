"""Topic: calibration of twins with mismatch, and what is left without it.

Every chip is calibrated in this process and verified over UDP against an emulator in another one, by measurements that
no search uses. The counter-tests verify the same chips with codes that are not theirs.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

import hxtwin
from acceptance import check
from acceptance.figure import Figure, at_least, at_most, exactly, reported
from acceptance.piece import Piece, Topic
from acceptance.twin import daemon
from hxtwin.calib.cache import Cache
from hxtwin.calib.measurement_chip import NEURON
from hxtwin.calib.nominal import nominal_calibration
from hxtwin.calib.operating_points import OperatingPoint, operating_point
from hxtwin.calib.routines.cadc import calibrate_cadc
from hxtwin.calib.spiking import calibrate
from hxtwin.calib.spiking_result import SpikingCalibrationResult
from hxtwin.calib.stateful_connection import StatefulConnection
from hxtwin.calib.target import SpikingCalibOptions, SpikingCalibTarget
from hxtwin.calib.verification import POTENTIALS, verify
from hxtwin.chipsim.analog.constants import NOMINAL

if TYPE_CHECKING:
    from collections.abc import Iterable

CHIPS: Final = (7, 8, 9)
_LARGEST_SECONDS: Final = 120.0
_CADC_SECONDS: Final = 5.0
_LEAST_USABLE: Final = 98.0
_TRAINABLE: Final = 90.0

_known: dict[int, SpikingCalibrationResult] = {}


def _url(chip: int) -> str:
    return f"sim://?chip={chip}"


def _calibrated(chip: int) -> SpikingCalibrationResult:
    """The default calibration of a chip; measured once in a run of this program."""
    if chip not in _known:
        with hxtwin.connect(_url(chip)) as connection:
            _known[chip] = calibrate(connection, cache=Cache.off())
    return _known[chip]


def _default(chip: int) -> Iterable[Figure]:
    """The default target: time, success, and what an independent measurement over UDP finds."""
    yield Figure("analog parameters, as in the twin", f"SHA-256 {NOMINAL.content_hash()}", "", "", None)
    with hxtwin.connect(_url(chip)) as connection:
        begin = time.process_time()
        calibrate_cadc(StatefulConnection(connection))
        yield at_most("calibration of the column ADC", time.process_time() - begin, _CADC_SECONDS, "s", "CPU")
    begin = time.process_time()
    result = _calibrated(chip)
    yield at_most("full calibration", time.process_time() - begin, _LARGEST_SECONDS, "s", "CPU")
    yield at_least("usable circuits", 100 * float(result.usable.mean()), _LEAST_USABLE, "%")
    yield Figure("content", f"SHA-256 {result.content_hash()}", "", "", None)
    with daemon("--chip", str(chip)) as url, hxtwin.connect(url) as connection:
        found = verify(connection, result)
    for criterion in found.criteria:
        yield Figure(criterion.name, criterion.value, "", criterion.limit, criterion.passed, "over UDP")


def _repeated(chip: int) -> Iterable[Figure]:
    """The same calibration once more, through the daemon."""
    with daemon("--chip", str(chip)) as url, hxtwin.connect(url) as connection:
        again = calibrate(connection, cache=Cache.off())
    contents = {again.content_hash(), _calibrated(chip).content_hash()}
    yield exactly("different contents of a calibration in process and over UDP", len(contents), 1, "")


def _without(chip: int) -> Iterable[Figure]:
    """The codes of a chip without mismatch on a chip with mismatch."""
    result = nominal_calibration(SpikingCalibTarget())
    with hxtwin.connect(_url(chip)) as connection:
        found = verify(connection, result, quantities=POTENTIALS)
    yield from _missed(found.missed, 5)


def _overwritten(chip: int) -> Iterable[Figure]:
    """The codes of a calibration moved on by one neuron."""
    result = _calibrated(chip)
    moved = {
        path: np.roll(codes, 1, axis=0) if path.startswith(NEURON) else codes for path, codes in result.settings.items()
    }
    with hxtwin.connect(_url(chip)) as connection:
        found = verify(connection, attrs.evolve(result, settings=moved), quantities=POTENTIALS)
    yield from _missed(found.missed, 3)


def _missed(names: list[str], least: int) -> Iterable[Figure]:
    yield at_least("criteria that are missed", len(names), least, "", "; ".join(names))


def _mnist(chip: int) -> Iterable[Figure]:
    """The operating point of the partitioned MNIST network."""
    begin = time.process_time()
    with hxtwin.connect(_url(chip)) as connection:
        target = operating_point(OperatingPoint.MNIST_HIDDEN)
        result = calibrate(connection, target, SpikingCalibOptions(parasitics=True), cache=Cache.off())
    yield reported("full calibration", time.process_time() - begin, "s", "CPU, with parasitic capacitances")
    failed = {name: int(np.sum(~ok)) for name, ok in result.success.items() if not ok.all()}
    detail = f"failed by step: {failed}"
    yield at_least("usable circuits", 100 * float(result.usable.mean()), _TRAINABLE, "%", detail)
    with hxtwin.connect(_url(chip)) as connection:
        found = verify(connection, result)
    for criterion in found.criteria:
        yield Figure(criterion.name, criterion.value, "", criterion.limit, criterion.passed, "")


TOPIC = Topic(
    "calibration",
    "Calibration",
    (
        *(Piece(f"calib-{chip}", f"Default target, chip {chip}", partial(_default, chip), chip) for chip in CHIPS),
        Piece("calib-udp", "The same calibration over UDP", partial(_repeated, CHIPS[0]), CHIPS[0]),
        *(Piece(f"uncalib-{chip}", f"No calibration, chip {chip}", partial(_without, chip), chip) for chip in CHIPS),
        *(
            Piece(f"overwritten-{chip}", f"Codes overwritten, chip {chip}", partial(_overwritten, chip), chip)
            for chip in CHIPS
        ),
        *(
            Piece(f"mnist-{chip}", f"Operating point of MNIST, chip {chip}", partial(_mnist, chip), chip)
            for chip in CHIPS
        ),
        Piece("calib-tests", "Calibration tests", lambda: check.tests("calib", ["tests/calib"])),
    ),
)
