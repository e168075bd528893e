"""seawall: Safety by Design for generative AI, self-hosted."""
