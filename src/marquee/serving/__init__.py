"""Both layers merged into answers, and the ways to ask for them."""
