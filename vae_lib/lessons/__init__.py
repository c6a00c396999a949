"""What the chapters teach with: exercises, wrong losses, SymPy proofs, identities."""
