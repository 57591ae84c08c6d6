"""Messages to the addresses of others: which are set up, what they are to be told, and what became of it."""
