"""Prevention: messages with help services, localised, sourced, dated, and measured."""
