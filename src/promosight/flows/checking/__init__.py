"""Everything a workspace holds, written out for others: for a second engine that counts it anew, and for export."""
