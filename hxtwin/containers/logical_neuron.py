"""Logical neurons: several neuron circuits that act as one neuron with compartments.

===================  =====================================================================================
`morphology`         fixed when the neuron is built: which circuit belongs to which compartment, and the five
                     structural switches that join the circuits
`atomic_neurons`     parameters of the circuits, free to be replaced; whatever structural switches are given
                     with them, those of the morphology hold
order                ascending compartment, within a compartment as given to the builder: also the order of the
                     bus accesses, 34 words for each circuit
place                `LogicalNeuronOnDLS`: the same shape, also mirrored, anywhere on one half of the chip
===================  =====================================================================================

The left one of two joined neighbours carries the switch. A mirrored place (``flip_x`` of the shape) therefore moves the
switches to the circuits that are on the left there. Logical neurons are built by `hxtwin.containers.Morphology`.
Source: reference containers-a.md, sections 3.4 and 10.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.containers import codec
from hxtwin.containers.atomic_neuron import AtomicNeuron
from hxtwin.containers.container import Container, as_words
from hxtwin.containers.errors import (
    AccessError,
    CoordinateMismatchError,
    DecodeError,
    FieldRangeError,
    FieldShapeError,
    FieldTypeError,
    MorphologyError,
    UnknownFieldError,
)
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import DEFAULT, parts
from hxtwin.containers.layout import child, for_each, tree
from hxtwin.containers.morphology_circuit import (
    STRUCTURAL_SWITCHES,
    MorphologyCircuit,
    chip_indices,
    in_normal_form,
    mirror,
    mirrored,
    shape_of,
)
from hxtwin.containers.record import ArrayOf, Columns, Record, build_array, default_columns, iter_paths
from hxtwin.coord import (
    AtomicNeuronOnLogicalNeuron,
    CompartmentOnLogicalNeuron,
    CoordinateError,
    LogicalNeuronCompartments,
    LogicalNeuronOnDLS,
    NeuronColumnOnLogicalNeuron,
)
from hxtwin.coord.errors import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hxtwin.containers.layout import Backend
    from hxtwin.coord import Coordinate

(circuit,) = variables("circuit")

_COLUMNS = NeuronColumnOnLogicalNeuron.size
_MOST = AtomicNeuronOnLogicalNeuron.size
_WORDS = codec.word_count(AtomicNeuron)
_PATH = re.compile(r"(morphology|atomic_neurons)(?:\[(\d{1,9})\])?\.(.+)")

RecordT = TypeVar("RecordT", bound=Record)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LogicalNeuron(Container):
    """Neuron of several circuits in compartments, with a structure that stays as it was built.

    ``attrs.evolve(neuron, atomic_neurons=...)``, `with_neuron`, `with_compartment` and `with_columns` replace
    parameters and keep the structural switches. Without arguments: a neuron without circuits.
    """

    fixed_size = False
    layout = tree(
        coordinate=LogicalNeuronOnDLS,
        children=(
            for_each(
                {circuit: _MOST},
                child(AtomicNeuron, at={"row": circuit // _COLUMNS, "column": circuit % _COLUMNS}, of="atomic_neurons"),
            ),
        ),
        notes="Only the circuits of its coordinate, by ascending compartment, then in the order of the compartment. "
        "Built by Morphology.",
    )
    morphology: ArrayOf[MorphologyCircuit] = parts(
        MorphologyCircuit,
        "Structure: compartment, place and switches of each circuit.",
        index=AtomicNeuronOnLogicalNeuron,
    )
    atomic_neurons: ArrayOf[AtomicNeuron] = parts(
        AtomicNeuron, "Parameters of each circuit, in the same order.", index=AtomicNeuronOnLogicalNeuron
    )

    def __attrs_post_init__(self) -> None:
        morphology = in_normal_form(_array_of(MorphologyCircuit, self.morphology, "morphology"))
        size = len(morphology)
        given: Any = self.atomic_neurons
        neurons = _default(AtomicNeuron, size) if given is DEFAULT else _array_of(AtomicNeuron, given, "atomic_neurons")
        if len(neurons) != size:
            raise FieldShapeError(
                f"LogicalNeuron.atomic_neurons: {len(neurons)} circuits given, the morphology has {size}"
            )
        columns = neurons.columns()
        for name in STRUCTURAL_SWITCHES:
            columns[f"multicompartment.{name}"] = morphology[name]
        object.__setattr__(self, "morphology", morphology)
        object.__setattr__(self, "atomic_neurons", build_array(AtomicNeuron, columns, size))

    @classmethod
    def of(cls, circuits: Iterable[MorphologyCircuit], neurons: Iterable[AtomicNeuron] | None = None) -> Self:
        """The neuron of a structure and the parameters of its circuits (defaults, if not given).

        Raises:
            MorphologyError: compartments are not ascending, or a place is taken twice.
            FieldShapeError: more than 256 circuits, or another number of parameters than of circuits.
        """
        structure = _array_of(MorphologyCircuit, circuits, "morphology")
        if neurons is None:
            return cls(morphology=structure)
        return cls(morphology=structure, atomic_neurons=_array_of(AtomicNeuron, neurons, "atomic_neurons"))

    # --- what it consists of -------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.morphology)

    @property
    def shape(self) -> LogicalNeuronCompartments:
        """Places of the circuits, with the top-left corner of the neuron at column 0, row 0."""
        found: dict[CompartmentOnLogicalNeuron, list[AtomicNeuronOnLogicalNeuron]] = {}
        numbers, places = self.morphology["compartment"].tolist(), self.morphology["circuit"].tolist()
        for number, place in zip(numbers, places, strict=True):
            found.setdefault(CompartmentOnLogicalNeuron(number), []).append(AtomicNeuronOnLogicalNeuron(place))
        return LogicalNeuronCompartments(found)

    @property
    def compartments(self) -> Mapping[CompartmentOnLogicalNeuron, tuple[AtomicNeuron, ...]]:
        """Circuits of each compartment with their parameters, compartments in ascending number."""
        found: dict[CompartmentOnLogicalNeuron, tuple[AtomicNeuron, ...]] = {}
        for number in np.unique(self.morphology["compartment"]).tolist():
            positions = self._positions(number)
            found[CompartmentOnLogicalNeuron(number)] = tuple(self.atomic_neurons[position] for position in positions)
        return MappingProxyType(found)

    def _positions(self, compartment: CompartmentOnLogicalNeuron | int) -> range:
        """Positions of a compartment in the order of circuits."""
        if type(compartment) is not int and type(compartment) is not CompartmentOnLogicalNeuron:
            raise CoordinateMismatchError(
                f"LogicalNeuron: a compartment is told by a CompartmentOnLogicalNeuron, not by {compartment!r}"
            )
        found = np.flatnonzero(self.morphology["compartment"] == int(compartment))
        if not found.size:
            known = np.unique(self.morphology["compartment"]).tolist()
            raise MorphologyError(f"LogicalNeuron: no compartment {int(compartment)}; compartments are: {known}")
        return range(int(found[0]), int(found[-1]) + 1)

    # --- changed copies ------------------------------------------------------------------------------------------

    def with_neuron(
        self, compartment: CompartmentOnLogicalNeuron | int, index: int, neuron: AtomicNeuron
    ) -> LogicalNeuron:
        """A copy with other parameters for one circuit; the structural switches stay as they are.

        Args:
            compartment: its compartment.
            index: its number in the compartment, 0-based.
            neuron: new parameters.

        Raises:
            MorphologyError: there is no such compartment or circuit.
            FieldTypeError: `neuron` is no `AtomicNeuron`.
        """
        positions = self._positions(compartment)
        if type(index) is not int or not 0 <= index < len(positions):
            raise MorphologyError(
                f"LogicalNeuron: compartment {int(compartment)} has circuits 0..{len(positions) - 1}, not {index!r}"
            )
        return attrs.evolve(self, atomic_neurons=self.atomic_neurons.replace({positions[index]: neuron}))

    def with_compartment(
        self, compartment: CompartmentOnLogicalNeuron | int, neurons: Sequence[AtomicNeuron]
    ) -> LogicalNeuron:
        """A copy with other parameters for all circuits of a compartment; the structural switches stay as they are.

        Raises:
            MorphologyError: there is no such compartment, or it has another number of circuits.
        """
        positions = self._positions(compartment)
        if len(neurons) != len(positions):
            raise MorphologyError(
                f"LogicalNeuron: compartment {int(compartment)} has {len(positions)} circuits, {len(neurons)} given"
            )
        return attrs.evolve(
            self, atomic_neurons=self.atomic_neurons.replace(dict(zip(positions, neurons, strict=True)))
        )

    def with_columns(self, changes: Mapping[str, Any]) -> Self:
        """A copy with some parameters replaced.

        Args:
            changes: by dotted path, e.g. ``{"atomic_neurons.leak.v_leak": one code for each circuit}`` or
                ``{"atomic_neurons[2].leak.v_leak": 400}``. Paths of the structure are accepted with unchanged values.

        Raises:
            UnknownFieldError: a path does not exist.
            MorphologyError: the structure would change.
            FieldTypeError, FieldShapeError, FieldRangeError: a value does not fit.
        """
        morphology, neurons = self.morphology, self.atomic_neurons
        for path, value in changes.items():
            part, position, inner = _split(path)
            if part == "morphology":
                morphology = _with_column(morphology, position, inner, value)
            else:
                neurons = _with_column(neurons, position, inner, value)
        kept = (
            np.array_equal(neurons[f"multicompartment.{name}"], self.morphology[name]) for name in STRUCTURAL_SWITCHES
        )
        if morphology != self.morphology or not all(kept):
            raise MorphologyError(
                f"LogicalNeuron: {', '.join(changes)}: compartments, places and structural switches are fixed; "
                f"build another neuron with Morphology"
            )
        return attrs.evolve(self, atomic_neurons=neurons)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """The neuron with fields given by dotted path as in `to_fields`: ``morphology[0].circuit``, and so on."""
        structure: dict[int, dict[str, Any]] = {}
        parameters: dict[int, dict[str, Any]] = {}
        for path, value in fields.items():
            part, position, inner = _split(path)
            if position is None or position >= _MOST:
                raise FieldRangeError(
                    f"LogicalNeuron.{path}: the circuit 0..{_MOST - 1} is wanted, e.g. {part}[0].{inner}"
                )
            (structure if part == "morphology" else parameters).setdefault(position, {})[inner] = value
        size = max((*structure, *parameters), default=-1) + 1
        return cls.of(
            [MorphologyCircuit.from_fields(structure.get(position, {})) for position in range(size)],
            [AtomicNeuron.from_fields(parameters.get(position, {})) for position in range(size)],
        )

    def flip_x(self) -> LogicalNeuron:
        """The neuron mirrored left to right; switches move to the circuits that are on the left then.

        Raises:
            MorphologyError: a circuit at the right border is joined to something outside the neuron.
        """
        return self._mirrored(left_right=True, top_bottom=False)

    def flip_y(self) -> LogicalNeuron:
        """The neuron mirrored top to bottom."""
        return self._mirrored(left_right=False, top_bottom=True)

    def oriented(self, at: LogicalNeuronOnDLS) -> LogicalNeuron:
        """The neuron as it lies at `at`: as it is, or mirrored in one or both directions.

        Raises:
            CoordinateMismatchError: the place is one of another shape.
        """
        numbers, places = shape_of(at)
        if np.array_equal(numbers, self.morphology["compartment"]):
            for left_right, top_bottom in ((False, False), (True, False), (False, True), (True, True)):
                if np.array_equal(
                    places, mirror(self.morphology["circuit"], left_right=left_right, top_bottom=top_bottom)
                ):
                    return self._mirrored(left_right=left_right, top_bottom=top_bottom)
        raise CoordinateMismatchError(
            f"LogicalNeuron: {at} has another shape than the neuron ({self.shape}); place the shape that came with it"
        )

    def _mirrored(self, *, left_right: bool, top_bottom: bool) -> LogicalNeuron:
        if not left_right and not top_bottom:
            return self
        return attrs.evolve(self, morphology=mirrored(self.morphology, left_right=left_right, top_bottom=top_bottom))

    # --- words ---------------------------------------------------------------------------------------------------

    def _words(self, at: Coordinate | None, *, answer: bool = False) -> npt.NDArray[np.uint32]:
        placed = self if at is None else self.oriented(self._place(at))
        if not len(placed):
            return np.empty(0, dtype=np.uint32)
        return AtomicNeuron.encode_columns(placed.atomic_neurons.columns()).reshape(-1)

    @classmethod
    def decode(cls, words: npt.ArrayLike, at: Coordinate | None = None) -> Self:
        """The neuron at `at` from its words: 34 for each circuit.

        Raises:
            CoordinateMismatchError: no or another type of coordinate.
            DecodeError: wrong number of words, or field values that cannot be.
        """
        place = cls._place(at)
        numbers, places = shape_of(place)
        given = as_words(words, cls.__name__)
        if given.shape != (_WORDS * numbers.size,):
            raise DecodeError(
                f"{cls.__name__}: {_WORDS * numbers.size} words wanted for {numbers.size} circuits, "
                f"array of shape {given.shape} given"
            )
        return cls._of_words(numbers, places, given)

    @classmethod
    def _of_words(
        cls, numbers: npt.NDArray[np.uint8], places: npt.NDArray[np.uint8], words: npt.NDArray[np.uint32]
    ) -> Self:
        """The neuron with these compartments and places, parameters and switches as the words say."""
        columns = AtomicNeuron.decode_columns(words.reshape(numbers.size, _WORDS))
        structure: Columns = {"compartment": numbers, "circuit": places}
        structure |= {name: columns[f"multicompartment.{name}"] for name in STRUCTURAL_SWITCHES}
        return cls(
            morphology=build_array(MorphologyCircuit, structure, numbers.size),
            atomic_neurons=build_array(AtomicNeuron, columns, numbers.size),
        )

    @classmethod
    def write_addresses(cls, at: Coordinate | None = None, backend: Backend | None = None) -> npt.NDArray[np.uint32]:
        """Addresses of the words of the circuits at `at`, ``uint32[34 * circuits]``."""
        return AtomicNeuron.addresses_of(chip_indices(cls._place(at)), backend=backend).reshape(-1)

    @classmethod
    def read_addresses(cls, at: Coordinate | None = None, backend: Backend | None = None) -> npt.NDArray[np.uint32]:
        """Addresses of the words of the circuits at `at`; the same as for writing."""
        return AtomicNeuron.addresses_of(chip_indices(cls._place(at)), read=True, backend=backend).reshape(-1)

    def byte_enables(self, at: Coordinate | None = None) -> npt.NDArray[np.uint8]:
        """All lanes of every word."""
        return np.full(_WORDS * len(self), codec.ALL_LANES, dtype=np.uint8)

    @classmethod
    def components_of_indices(cls, indices: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.int64]]:
        """Refused: places of logical neurons are not numbered."""
        raise AccessError(
            f"{cls.__name__}: its places have no index; use write_addresses, read_addresses, encode, decode"
        )

    @classmethod
    def _place(cls, at: Coordinate | None) -> LogicalNeuronOnDLS:
        place = super()._place(at)
        assert isinstance(place, LogicalNeuronOnDLS)
        return place

    def __repr__(self) -> str:
        numbers, counts = np.unique(self.morphology["compartment"], return_counts=True)
        shown = ", ".join(f"{number}: {count}" for number, count in zip(numbers, counts, strict=True))
        return f"LogicalNeuron(<circuits of compartments {{{shown}}}>)"

    # --- serialised form -----------------------------------------------------------------------------------------

    def _to_plain(self) -> dict[str, Any]:
        """Places of the circuits, and their words as little-endian bytes."""
        return {"compartments": self.shape.to_plain(), "words": self._words(None).astype("<u4").tobytes()}

    @classmethod
    def _from_plain(cls, plain: object) -> Self:
        """The neuron that `_to_plain` described.

        Raises:
            DecodeError: anything else than the exact form.
        """
        if not isinstance(plain, dict) or plain.keys() != {"compartments", "words"}:
            raise DecodeError(f"{cls.__name__}: a map with the keys compartments and words is wanted")
        raw = plain["words"]
        try:
            shape = LogicalNeuronCompartments.from_plain(plain["compartments"])
        except CoordinateError as error:
            raise DecodeError(f"{cls.__name__}: {error}") from error
        size = len(shape.get_atomic_neurons())
        if not isinstance(raw, bytes) or len(raw) != 4 * _WORDS * size:
            raise DecodeError(f"{cls.__name__}: {4 * _WORDS * size} bytes of words are wanted for {size} circuits")
        numbers = [int(number) for number, circuits in shape.get_compartments().items() for _ in circuits]
        places = [int(place) for place in shape.get_atomic_neurons()]
        words = np.frombuffer(raw, dtype="<u4").astype(np.uint32)
        found = cls._of_words(np.array(numbers, np.uint8), np.array(places, np.uint8), words) if size else cls()
        if found._to_plain() != plain:
            raise DecodeError(
                f"{cls.__name__}: not in normal form (top-left corner at 0, no empty compartment, no spare bits)"
            )
        return found


def _default(record: type[RecordT], size: int) -> ArrayOf[RecordT]:
    columns = {path: np.broadcast_to(array, (size, *array.shape)) for path, array in default_columns(record).items()}
    return build_array(record, columns, size)


def _array_of(record: type[RecordT], given: object, name: str) -> ArrayOf[RecordT]:
    """Records in an array; nothing given is an empty one."""
    if isinstance(given, ArrayOf) and given.record is record:
        if len(given) > _MOST:
            raise FieldShapeError(f"LogicalNeuron.{name}: {len(given)} circuits given, at most {_MOST} fit")
        return given
    items = [] if given is DEFAULT else given
    if not isinstance(items, Iterable) or isinstance(items, ArrayOf | Mapping | str | bytes):
        raise FieldTypeError(f"LogicalNeuron.{name}: {shown(given)} is no sequence of {record.__name__}")
    found = []
    for item in items:
        if not isinstance(item, record):
            raise FieldTypeError(
                f"LogicalNeuron.{name}: {item!r} is a {type(item).__name__}, wanted a {record.__name__}"
            )
        found.append(item.columns())
        if len(found) > _MOST:
            raise FieldShapeError(f"LogicalNeuron.{name}: more than {_MOST} circuits given")
    if not found:
        return _default(record, 0)
    columns = {path: np.stack([item[path] for item in found]) for path in iter_paths(record)}
    return build_array(record, columns, len(found))


def _split(path: str) -> tuple[str, int | None, str]:
    """Part, position and field of a dotted path such as ``atomic_neurons[3].leak.v_leak``."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise UnknownFieldError(f"LogicalNeuron: no field {path!r}; fields begin with atomic_neurons or morphology")
    part, position, inner = found.groups()
    return part, None if position is None else int(position), inner


def _with_column(array: ArrayOf[RecordT], position: int | None, path: str, value: Any) -> ArrayOf[RecordT]:
    if position is None:
        return array.with_columns({path: value})
    if position >= len(array):
        raise FieldRangeError(f"LogicalNeuron: circuit {position} of {len(array)} does not exist; {path} not changed")
    return array.replace({position: array[position].with_columns({path: value})})
