"""Cases: what people decide, one subject at a time."""
