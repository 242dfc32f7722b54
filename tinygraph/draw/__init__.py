def draw(*a, **k): raise SystemExit("draw comes")
