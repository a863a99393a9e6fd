"""From the declaration table to the typed modules of hxtwin.coord."""
