"""Random expressions over signals, and how they are written by people who like it odd."""

from __future__ import annotations

from hypothesis import strategies as st

from cosmo_doppler.query.ast import Compare, Node, Not, Pattern, Text, all_of, any_of

_PLAIN = st.sampled_from(
    [
        Compare("type", ":", "BID"),
        Compare("type", "=", "task"),
        Compare("type", ":", "TASK*"),
        Compare("type", "!=", "ERROR"),
        Compare("type", "~", "^TASK"),
        Compare("who", ":", "worker-*"),
        Compare("who", "=", "worker-1"),
        Compare("who", "!~", "[02]$"),
        Compare("trace", ":", "T1"),
        Compare("trace", "!=", "T0"),
        Compare("id", ":", "3"),
        Compare("parent", "!=", "1"),
        Compare("ns", ":", "dev"),
        Compare("subject", "~", "BID"),
        Compare("size", ">", "200"),
        Compare("cost", "<", "0.01"),
        Compare("cost", "!=", "0.5"),
        Compare("eta", ">=", "120ms"),
        Compare("conf", "<=", "0.5"),
        Compare("auto", ":", "true"),
        Compare("cap", ":", "sum"),
        Compare("payload.input.text", "~", "(?i)invoice", quoted=True),
        Compare("payload.input.text", ":", "invoice"),
        Compare("payload.items.1", "=", "2"),
        Compare("payload.cost", ":", "0.5"),
        Compare("meta.x", ":", "yes"),
        Compare("text", ":", "Invoice"),
        Compare("has", ":", "error"),
        Compare("is", "!=", "malformed"),
        Compare("problem", "~", "type"),
        Text("invoice"),
        Text("straße"),
        Text("ünïcode"),
        Text('"cost"'),
        Pattern("inv[a-z]+ce"),
        Pattern("(?i)BID"),
    ]
)


def _joined(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(parts.map(Not), several.map(all_of), several.map(any_of))


def expressions() -> st.SearchStrategy[Node]:
    """Expressions that compile."""
    return st.recursive(_PLAIN, _joined, max_leaves=6)


_WORDS = st.text(st.characters(blacklist_categories=("Cs", "Zs", "Cc", "Zl", "Zp"), blacklist_characters='()"'), min_size=1)  # fmt: skip
_QUOTED = st.text(st.characters(blacklist_categories=("Cs",)))


def nodes() -> st.SearchStrategy[Node]:
    """Trees with any text in them; most mean nothing, and all can be written."""
    fields = st.from_regex(r"[A-Za-z_][\w-]{0,5}(\.[\w-]{1,5}){0,2}", fullmatch=True).filter(
        lambda name: name.lower() not in ("and", "or", "not")
    )
    ops = st.sampled_from(["!=", "!~", "<=", ">=", ":", "=", "<", ">", "~"])
    leaves = st.one_of(
        st.builds(Compare, fields, ops, _QUOTED, st.just(True)),
        st.builds(Compare, fields, ops, _WORDS.filter(lambda word: word[0] not in "=~"), st.just(False)),
        st.builds(Text, _QUOTED),
        st.builds(Pattern, st.sampled_from(["a", "a/b", r"\d+", "[x ]", r"\\", ""])),
    )
    return st.recursive(leaves, _joined, max_leaves=8)
