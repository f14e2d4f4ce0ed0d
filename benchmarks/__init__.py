"""Speed is measured here, never in tests. Figures are medians of one run, to be read as ratios."""
