"""Who changed what of all that is set up, and how it stood before and after."""
