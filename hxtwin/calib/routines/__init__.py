"""Routines: each module is the calibration of one property of the chip."""
