"""Signal types, digests and perceptual hashes, and the examination that computes them."""
