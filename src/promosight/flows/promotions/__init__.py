"""Defining promotions, from the page or a file, and changing them as long as they may be changed."""
