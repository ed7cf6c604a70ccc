"""Link codes: issued, handed out, typed, decided."""
