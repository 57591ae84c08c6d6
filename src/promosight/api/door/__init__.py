"""What is done with every request, whatever it asks for: whose it is, how much may come, and what answers a fault."""
