"""What a person may do, as forms: each shows itself, acts through the session, and leaves the screen to the signals."""

from cosmo_doppler.tui.modals.arm import arm
from cosmo_doppler.tui.modals.connect import ConnectChoice
from cosmo_doppler.tui.modals.exporting import export_selection
from cosmo_doppler.tui.modals.flows import answer_request, compose_offer, confirm_stop, connect, stop_marked
from cosmo_doppler.tui.modals.offer_parts import Parent
from cosmo_doppler.tui.modals.person_flows import bid_by_hand, take_part

__all__ = [
    "ConnectChoice",
    "Parent",
    "answer_request",
    "arm",
    "bid_by_hand",
    "compose_offer",
    "confirm_stop",
    "connect",
    "export_selection",
    "stop_marked",
    "take_part",
]
