"""A screen that is drawn no oftener than it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual._compositor import Compositor
from textual.screen import Screen

from cosmo_doppler.tui.widgets.painted import Ground

if TYPE_CHECKING:
    from textual._compositor import CompositorMap, ReflowResult
    from textual.geometry import Size
    from textual.widget import Widget


class _Arranger(Compositor):
    """Knows what was where when it was last laid out, so that it paints what moved since.

    Textual makes its map anew for whoever asks where a widget is while something waits to be laid out, and would find
    no difference then.
    """

    _laid_out: CompositorMap | None = None

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Lay everything out."""
        if self._laid_out is not None:
            self._full_map = self._laid_out
        result = super().reflow(parent, size)
        self._laid_out = self._full_map
        return result


class Canvas(Screen[None], Ground):
    """Paints what changed of it, once."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = _Arranger()

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
