"""Every key in one table: bindings, footer, help and palette are read from it.

What sends a signal is an upper-case letter and opens a form first; nothing that destroys sits on a motion key.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from textual.binding import Binding, BindingType

Place = Literal["pane", "screen", "app"]
Group = Literal["Move", "Look", "Jump", "Time", "Act", "Doppler"]


class Action(NamedTuple):
    """One thing a key does."""

    name: str
    """The method is `action_<name>`, on the pane, the screen or the app."""
    keys: str
    """Textual's key names, separated by commas."""
    shown: str
    """The keys as footer and help show them."""
    label: str
    """One or two words, for the footer."""
    help: str
    """One sentence, for help and palette."""
    group: Group
    place: Place = "screen"
    palette: bool = True
    """Whether the palette lists it; motions are left out."""

    @property
    def id(self) -> str:
        """Its name in a keymap: `zoom`, `view_traces`, `step_next`, `step_previous`."""
        base, _, argument = self.name.rstrip(")").partition("(")
        argument = _DIRECTIONS.get(argument, argument.strip("'"))
        return f"{base}_{argument}" if argument else base


_DIRECTIONS = {"1": "next", "-1": "previous"}


ACTIONS: tuple[Action, ...] = (
    Action("cursor_down", "j,down", "j ↓", "down", "One row down", "Move", "pane", False),
    Action("cursor_up", "k,up", "k ↑", "up", "One row up", "Move", "pane", False),
    Action("half_page_down", "ctrl+d", "ctrl+d", "half down", "Half a page down", "Move", "pane", False),
    Action("half_page_up", "ctrl+u", "ctrl+u", "half up", "Half a page up", "Move", "pane", False),
    Action("page_down", "pagedown", "pgdn", "page down", "A page down", "Move", "pane", False),
    Action("page_up", "pageup", "pgup", "page up", "A page up", "Move", "pane", False),
    Action("top", "g,home", "g home", "top", "The first row", "Move", "pane", False),
    Action("bottom", "G,end", "G end", "bottom", "The last row", "Move", "pane", False),
    Action(
        "open",
        "enter",
        "enter",
        "open",
        "Go deeper into what the cursor is on",
        "Move",
        "pane",
        False,
    ),
    Action("back", "escape", "esc", "back", "Go back one step", "Move", "screen", False),
    Action(
        "unfold",
        "l,right",
        "l →",
        "unfold",
        "Unfold a branch, move along long rows, or go deeper",
        "Move",
        "pane",
        False,
    ),
    Action(
        "fold",
        "h,left",
        "h ←",
        "fold",
        "Move back along long rows, fold a branch, or go back",
        "Move",
        "pane",
        False,
    ),
    Action(
        "next_pane", "tab", "tab", "next pane", "Move the focus to the next pane", "Move", "screen", False
    ),
    Action(
        "previous_pane",
        "shift+tab",
        "shift+tab",
        "previous pane",
        "Move the focus to the previous pane",
        "Move",
        "screen",
        False,
    ),
    Action("view('traces')", "1", "1", "Traces", "Show traces and their Pathway trees", "Look"),
    Action("view('auctions')", "2", "2", "Auctions", "Show auctions and their bids", "Look"),
    Action("view('registry')", "3", "3", "Registry", "Show who is there and still heard", "Look"),
    Action("view('inbox')", "4", "4", "Inbox", "Show questions that wait for a person", "Look"),
    Action("view('signals')", "5", "5", "Signals", "Show every signal in order of arrival", "Look"),
    Action("view('faults')", "6", "6", "Faults", "Show what went wrong in silence", "Look"),
    Action("view('metrics')", "7", "7", "Metrics", "Show rates, latencies and the market in figures", "Look"),
    Action("view('topology')", "8", "8", "Topology", "Show who talks to whom", "Look"),
    Action(
        "view('coordination')",
        "9",
        "9",
        "Coordination",
        "Show pools, tasks, votes and what else is agreed",
        "Look",
    ),
    Action("view('held')", "v", "v", "held", "Show what is held on its way, and the breaks", "Look"),
    Action(
        "view('hands')", "at", "@", "by hand", "Show what was held, changed, dropped and sent by hand", "Look"
    ),
    Action("zoom", "z", "z", "zoom", "Give the focused pane all the room, or take it back", "Look"),
    Action("grow('wider')", "ctrl+right", "ctrl+→", "wider", "Make the focused pane wider", "Look"),
    Action("grow('narrower')", "ctrl+left", "ctrl+←", "narrower", "Make the focused pane narrower", "Look"),
    Action("grow('taller')", "ctrl+down", "ctrl+↓", "taller", "Make the focused pane taller", "Look"),
    Action("grow('shorter')", "ctrl+up", "ctrl+↑", "shorter", "Make the focused pane shorter", "Look"),
    Action("hide", "Z", "Z", "hide", "Hide the focused pane; :pane NAME shows it again", "Look"),
    Action("follow", "f", "f", "follow", "Keep up with what arrives, or hold still", "Look", "pane"),
    Action(
        "look('next')",
        "w",
        "w",
        "other view",
        "Waterfall, tree, lanes or flame; bids or what if",
        "Look",
    ),
    Action("suppose", "W", "W", "what if", "Try another window, a score or a ghost bid on auctions", "Look"),
    Action("look('in')", "plus", "+", "zoom time", "Look closer at the time axis", "Look"),
    Action("look('out')", "minus", "-", "zoom out", "Look at the time axis from further away", "Look"),
    Action("look('fit')", "0", "0", "fit", "Show all of the time axis", "Look"),
    Action("look('earlier')", "H,shift+left", "H", "earlier", "Go back along the time axis", "Look"),
    Action("look('later')", "J,shift+right", "J", "later", "Go on along the time axis", "Look"),
    Action("times", "T", "T", "times", "Times since the start, of day, or since the one before", "Look"),
    Action("describe", "d", "d", "describe", "Show everything about what the cursor is on", "Look"),
    Action(
        "light", "ctrl+t", "ctrl+t", "light", "Change between the dark and the light theme", "Look", "app"
    ),
    Action("jump_trace", "t", "t", "trace", "Go to the trace of what the cursor is on", "Jump"),
    Action("jump_auction", "b", "b", "auction", "Go to the auction of what the cursor is on", "Jump"),
    Action("jump_parent", "p", "p", "parent", "Go to the signal that caused this one", "Jump"),
    Action("fault(1)", "e", "e", "next fault", "Go to the next fault, from anywhere", "Jump"),
    Action("fault(-1)", "E", "E", "last fault", "Go to the fault before", "Jump"),
    Action("filter", "slash", "/", "filter", "Show only what matches an expression", "Look"),
    Action("hit(1)", "n", "n", "next hit", "Go to the next signal that matches the filter", "Jump"),
    Action("hit(-1)", "N", "N", "last hit", "Go to the signal before that matches the filter", "Jump"),
    Action(
        "filter_cursor", "asterisk", "*", "only these", "Show only what is like what the cursor is on", "Look"
    ),
    Action("saved_filters", "ampersand", "&", "saved", "Show only what a saved filter means", "Look"),
    Action("ignore", "i", "i", "ignore", "Hide signals of this type, or of this participant", "Look"),
    Action("jump_participant", "r", "r", "participant", "Go to who the signal names", "Jump"),
    Action("copy", "y", "y", "copy", "Copy the value under the cursor to the clipboard", "Jump"),
    Action("copy_signal", "Y", "Y", "copy all", "Copy the whole signal as JSON to the clipboard", "Jump"),
    Action("go", "apostrophe", "'", "go to", "Go to any trace, auction, participant or mark", "Jump"),
    Action("sort", "s", "s", "sort", "Sort the focused list", "Look"),
    Action("page", "o", "o", "open in pager", "Open the whole payload in $PAGER or $EDITOR", "Jump"),
    Action("compare", "D", "D", "compare", "Take a trace or an auction, then compare another", "Jump"),
    Action(
        "baseline",
        "ctrl+b",
        "ctrl+b",
        "baseline",
        "Hold others against this trace or auction, or stop it",
        "Jump",
    ),
    Action("mark", "m", "m", "mark", "Mark the signal, with a note, or take the mark away", "Jump"),
    Action("marked(1)", "u", "u", "next mark", "Go to the next marked signal", "Jump"),
    Action("marked(-1)", "U", "U", "last mark", "Go to the marked signal before", "Jump"),
    Action("export", "x", "x", "export", "Write a trace, an auction or the screen to a file", "Jump"),
    Action("pause", "space", "space", "pause", "Pause and go on; recording never pauses", "Time"),
    Action("step(1)", "right_square_bracket", "]", "step", "One signal forward", "Time"),
    Action("step(-1)", "left_square_bracket", "[", "step back", "One signal back", "Time"),
    Action(
        "round(1)", "right_curly_bracket", "}", "next round", "Forward to the next auction or trace", "Time"
    ),
    Action(
        "round(-1)", "left_curly_bracket", "{", "last round", "Back to the previous auction or trace", "Time"
    ),
    Action("slower", "less_than_sign", "<", "slower", "Replay slower", "Time"),
    Action("faster", "greater_than_sign", ">", "faster", "Replay faster", "Time"),
    Action("to_start", "circumflex_accent", "^", "start", "Go to the first signal", "Time"),
    Action("seek", "ctrl+g", "ctrl+g", "go to", "Stand at 00:01:12, 40%, #18231 or next type:ERROR", "Time"),
    Action("record", "ctrl+r", "ctrl+r", "record", "Record what a bus says to a file, or end that", "Time"),
    Action("cut_pauses", "P", "P", "cut pauses", "Play at most 2 s of any silence, or all of it", "Time"),
    Action("to_end", "L,dollar_sign", "L", "live", "Go to the newest signal and stay there", "Time"),
    Action("offer", "O", "O", "offer", "Offer a task to whoever bids", "Act"),
    Action("offer_again", "R", "R", "offer again", "Offer the selected auction again, with changes", "Act"),
    Action("bid", "M", "M", "bid", "Bid by hand in the selected auction, or take part", "Act"),
    Action("stop_trace", "S", "S", "stop", "Stop the selected trace", "Act"),
    Action("answer", "A", "A", "answer", "Answer a question or work, or decide a permission", "Act"),
    Action("end_object", "Q", "Q", "end", "Cancel, close, resolve or revoke it in its store", "Act"),
    Action("break_on", "B", "B", "break", "Hold signals that match, or pause the view there", "Act"),
    Action("let_go", "a", "a", "let go", "Let the selected held signal go", "Act"),
    Action("step_held", "comma", ",", "step", "Let the signal go that was held first", "Act"),
    Action("change_held", "c", "c", "change", "Change the selected held signal, and let it go", "Act"),
    Action("change_whole", "V", "V", "change all", "Change all of a held signal in $EDITOR", "Act"),
    Action("drop_held", "K", "K", "drop", "Drop the held signal, or remove the break", "Act"),
    Action("delay_held", "I", "I", "later", "Let the selected held signal go after a while", "Act"),
    Action("switch_break", "F", "F", "on or off", "Switch the selected break on or off", "Act"),
    Action("release_all", "X", "X", "all go", "Let everything held go, and remove all breaks", "Act"),
    Action(
        "all_go",
        "ctrl+l",
        "ctrl+l",
        "all go",
        "Let everything held go, even from within a form",
        "Act",
        "app",
        False,
    ),
    Action("arm", "exclamation_mark", "!", "arm", "Look only, or be able to send again", "Act"),
    Action("connect", "C", "C", "connect", "Connect to another bus or open a recording", "Act"),
    Action(
        "other(1)", "ctrl+n", "ctrl+n", "next bus", "Show the next bus or recording watched", "Doppler", "app"
    ),
    Action("detach", "ctrl+w", "ctrl+w", "detach", "Watch this bus or recording no longer", "Doppler", "app"),
    Action("command", "colon", ":", "command", "Write a command, such as seek 40% or trace 7B1E", "Doppler"),
    Action("help", "question_mark", "?", "help", "Show every key", "Doppler"),
    Action(
        "command_palette",
        "ctrl+p",
        "ctrl+p",
        "palette",
        "Find a command or a trace by name",
        "Doppler",
        "app",
        False,
    ),
    Action("leave", "q", "q", "quit", "Go back; on the main screen quit", "Doppler"),
    Action(
        "suspend_process",
        "ctrl+z",
        "ctrl+z",
        "suspend",
        "Go back to the shell; fg comes here again",
        "Doppler",
        "app",
    ),
    Action("quit", "ctrl+q", "ctrl+q", "quit", "Quit at once", "Doppler", "app"),
)

_ABOVE_FORMS = frozenset({"quit", "all_go"})
"""Actions whose keys work whatever has the focus."""

_BY_NAME = {action.name: action for action in ACTIONS}


def action(name: str) -> Action:
    """The action of that name."""
    return _BY_NAME[name]


def bindings_of(place: Place) -> list[BindingType]:
    """The bindings a pane, the screen or the app declares."""
    return [
        Binding(
            entry.keys, entry.name, entry.help, show=False, id=entry.id, priority=entry.name in _ABOVE_FORMS
        )
        for entry in ACTIONS
        if entry.place == place
    ]
