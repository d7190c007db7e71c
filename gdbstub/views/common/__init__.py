"""What the renderings share: the guest program, its stops, its code map."""
