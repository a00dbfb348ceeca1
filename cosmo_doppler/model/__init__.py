"""The pure half of Doppler: folds signals into traces, auctions, a roster and requests. No clock, no thread, no screen."""
