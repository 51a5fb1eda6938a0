"""Durable hand-over between receiving and processing: a batch appended here survives a kill and is consumed once."""
