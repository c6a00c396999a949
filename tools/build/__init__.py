"""What ``make book`` runs: notebooks, equations, pages of both languages."""
