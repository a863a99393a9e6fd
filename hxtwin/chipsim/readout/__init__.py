"""Readout: column ADC, membrane ADC; until the analog core exists, timing without voltages."""
