"""Personal data: who is meant, who holds what about her, its export and its erasure."""
