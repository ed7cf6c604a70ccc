"""Who is who: the pure matching engine. Columns in, columns out; no database, no clock.

The way of a person through it: ``people`` (raw columns) → ``prepare`` (normalised) → ``candidates`` (who may be
whom) → ``score`` (how many bits speak for it, by the ``model``) → ``decide`` (link, case, nothing) → ``explain``.
"""
