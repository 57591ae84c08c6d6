"""What `./dev bench decide` is made of: simulated worlds, the policies that decide in them, the tables."""
