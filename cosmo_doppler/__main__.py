"""`python -m cosmo_doppler`: the same program as `cosmo`."""

from __future__ import annotations

from cosmo_doppler.cli import main

if __name__ == "__main__":
    main()
