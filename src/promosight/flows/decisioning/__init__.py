"""Which offer to give whom: deciding, learning from what became of it, and proving what it brought."""
