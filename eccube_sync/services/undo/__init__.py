"""Take back a run, kind by kind."""
