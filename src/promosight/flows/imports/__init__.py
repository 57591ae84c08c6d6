"""Files of any size: taken in piece by piece, their figures published once at the end."""
