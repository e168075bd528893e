"""Text: views of it that evasion does not survive, and sealed packs of terms matched against all of them."""
