"""Programs that stand beside ours in a benchmark: where they come from, how they are started, what they cost."""
