"""Errors of the containers layer: one family, told apart by what was wrong.

=======================  ==================================================================
error                    raised for
=======================  ==================================================================
`FieldRangeError`        a value outside the range of a field
`FieldTypeError`         a value of a type that a field cannot take (float for int, NaN, text)
`FieldShapeError`        an array of another shape than the field has
`UnknownFieldError`      a field name or dotted path that the container does not have
`CoordinateMismatchError`  a coordinate of another type than the container lives at
`AccessError`            a write to a read-only container, a read of a write-only one
`DecodeError`            words or bytes that are not the encoding of the container
`MorphologyError`        a multi-compartment neuron that cannot be built or placed
`ProgramFileError`       an embedded-processor program file that cannot be read
=======================  ==================================================================
"""

from __future__ import annotations

from hxtwin.errors import HxtwinError


class ContainerError(HxtwinError):
    """Root of all errors of `hxtwin.containers`."""


class FieldRangeError(ContainerError, ValueError):
    """A value lies outside the range of its field."""


class FieldTypeError(ContainerError, TypeError):
    """A value has a type that its field does not take."""


class FieldShapeError(ContainerError, ValueError):
    """An array has another shape than its field."""


class UnknownFieldError(ContainerError, TypeError, AttributeError):
    """A field name or dotted path does not exist."""


class CoordinateMismatchError(ContainerError, TypeError):
    """A container was addressed by a coordinate of another type than its own."""


class AccessError(ContainerError):
    """An access that the container does not support, such as writing a read-only one."""


class DecodeError(ContainerError, ValueError):
    """Words or bytes are not the encoding of what they were said to be."""


class MorphologyError(ContainerError, ValueError):
    """A multi-compartment neuron cannot be built from, or placed at, what was given."""


class ProgramFileError(ContainerError, ValueError):
    """A program file of the embedded processor cannot be read."""
