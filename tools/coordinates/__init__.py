"""The declaration table of all coordinate types, one module per topic, in the order of the catalogue."""
