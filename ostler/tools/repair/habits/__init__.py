"""How columns write amounts, moments and codes: reading any form, writing the column's own."""
