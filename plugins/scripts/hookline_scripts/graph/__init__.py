"""Scripts as directed graphs: what they are made of, how they are read, walked and checked. No database, no web."""
