"""Other people's formats to our facts: pure mapping, one module to a format, nothing is looked up."""
