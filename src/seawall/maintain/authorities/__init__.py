"""Reports to authorities: what they are made of, whether they are right, how they are filed, and what came back."""
