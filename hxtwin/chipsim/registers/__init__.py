"""Registers and memories of the chip: what they are (`cell_map`), what they hold (`register_file`)."""
