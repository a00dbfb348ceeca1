"""A screen that is drawn no oftener than it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from cosmo_doppler.tui.widgets.painted import Ground

if TYPE_CHECKING:
    from textual._compositor import CompositorMap
    from textual.geometry import Size


class Canvas(Screen[None], Ground):
    """Paints what changed of it, once."""

    _map: CompositorMap | None = None
    """Where each widget was when it was last laid out."""

    def _refresh_layout(self, size: Size | None = None, scroll: bool = False) -> None:
        # Textual makes the map anew for whoever asks where a widget is while something waits to be laid out, and would
        # not see then what moved since the last layout, nor paint it.
        if self._map is not None:
            self._compositor._full_map = self._map
        super()._refresh_layout(size, scroll)
        self._map = self._compositor._full_map

    def _compositor_refresh(self) -> None:
        # While the app mounts itself Textual would draw everything and throw it away.
        if self.app._batch_count:
            return
        if self.app.screen is self:
            super()._compositor_refresh()
        elif self._compositor._dirty_regions and self in self.app._background_screens:
            # Whoever is in front shows through what changed; Textual would have us painted once more, too.
            changed = [*self._compositor._dirty_regions]
            self._compositor._dirty_regions.clear()
            self._dirty_widgets.clear()
            self.app.screen.refresh(*changed)
