"""The text of `cosmo_sdk/testing/builders.py`: one short builder per type, every field with a sensible default."""

from __future__ import annotations

from collections.abc import Iterator

from cosmo_sdk._tools.table import NOTICE, Field, Row, article, definition, read_table
from cosmo_sdk.signal_types import SignalType

_T = SignalType

_NAMES: dict[SignalType, str] = {
    _T.AGENT_OUTPUT: "an_output",
    _T.TASK_OFFER: "an_offer",
    _T.TASK_AWARDED: "an_award",
    _T.TASK_DECLINED: "a_decline",
}
"""Where people say it shorter than the type does."""

_SAMPLES: dict[SignalType, dict[str, str]] = {
    _T.TASK: {"input": "INPUT"},
    _T.AGENT_OUTPUT: {"output": "OUTPUT"},
    _T.FINAL: {"result": "OUTPUT"},
    _T.ERROR: {"code": '"AGENT_ERROR"', "message": '"it broke"'},
    _T.TASK_OFFER: {"input": "INPUT"},
    _T.BID: {"cost": "0.01"},
    _T.TASK_AWARDED: {"input": "INPUT"},
    _T.THOUGHT_DELTA: {"delta": '"hm, "'},
    _T.AUDIT: {"kind": '"GUARD_RETRY"', "domain": '"security"', "outcome": '"recovered"'},
    _T.PLAN: {"steps": "STEPS"},
    _T.TOOL_CALL: {"tool": '"search"', "args": "INPUT"},
    _T.TOOL_RESULT: {"tool": '"search"'},
    _T.MEMORY_APPEND: {"key": '"note"', "value": '"remember this"'},
    _T.CRITIQUE: {"target_event_id": '""', "issues": "NONE", "verdict": '"pass"'},
    _T.ESCALATION: {"reason": '"this is beyond me"'},
    _T.CONSENSUS: {"members": "MEMBERS", "verdict": '"agreed"'},
    _T.CONTEXT_SYNC: {"snapshot": "STATE"},
    _T.CLARIFICATION: {"question": '"which one?"'},
    _T.PERMISSION: {"action": '"delete"'},
    _T.CLARIFICATION_ANSWER: {"answer": '"the first"'},
    _T.PERMISSION_DECISION: {"granted": "True"},
    _T.RECALL: {"query": "QUERY"},
    _T.RECALLED: {"engram_id": '""', "hits": "NONE"},
    _T.IMPRINT: {"op": '"add"', "entry": "ENTRY"},
    _T.IMPRINTED: {"engram_id": '""', "op": '""'},
}
"""What a required field holds when a test does not care.

The names in capitals live in `cosmo_sdk.testing.building`; what is empty there follows from the cause.
"""

_CAUSE = Field("cause", "Signal | None", "None", "")
_AROUND = (
    Field("neuron", "str | None", "None", ""),
    Field("trace_id", "str | None", "None", ""),
    Field("meta", "dict[str, Any] | None", "None", ""),
)

_HEAD = f'''"""A valid Signal of every type, for tests: each argument may be left out.

Every builder takes the same arguments around the fields of its payload:

    cause      the Signal that leads to this one: its trace is shared, its id is the parent
    neuron     `directed.id`; when left out, whoever the cause points at, where the type needs somebody
    trace_id   the trace, if not the cause's; a new one without a cause
    meta       annotations

{NOTICE}
"""

from __future__ import annotations

from typing import Any

from cosmo_sdk import payloads
from cosmo_sdk._payload import ImprintOp, ParticipantRole, RecallMode
from cosmo_sdk.envelope import Signal
from cosmo_sdk.testing.building import ENTRY, INPUT, MEMBERS, NONE, OUTPUT, QUERY, STATE, STEPS, build
'''


def name_of(type: SignalType) -> str:
    """The builder of a type: `a_bid`, `an_award`."""
    return _NAMES.get(type) or f"{article(type)}_{type.lower()}"


def builders() -> str:
    """The text of `testing/builders.py`."""
    rows = read_table()
    lines = _HEAD.split("\n")
    for row in rows:
        lines.extend(["", *_builder(row), ""])
    lines.extend(["", "BUILDERS = {"])
    lines.extend(f'    "{row.struct.type}": {name_of(row.struct.type)},' for row in rows)
    lines.extend(["}", '"""The builder of each type."""'])
    return "\n".join(lines) + "\n"


def _builder(row: Row) -> Iterator[str]:
    samples = _SAMPLES.get(row.struct.type, {})
    fields = [
        Field(field.name, field.annotation, samples.get(field.name, field.default), field.doc)
        for field in row.fields
    ]
    summary = f"{article(row.struct.type).capitalize()} {row.struct.type}: {row.summary()[:1].lower()}{row.summary()[1:]}."
    taken = {field.name for field in fields}
    around = [field for field in _AROUND if field.name not in taken]
    body = [
        "return build(",
        f"    payloads.{row.struct.__name__}(",
        *[f"        {field.argument()}," for field in fields],
        "    ),",
        "    cause,",
        # DISCOVER has a field of that name, and addresses nobody.
        f"    {None if 'neuron' in taken else 'neuron'},",
        "    trace_id,",
        "    meta,",
        ")",
    ]
    text = list(
        definition(
            f"def {name_of(row.struct.type)}",
            [*fields, *around],
            "Signal",
            lambda: iter([f'"""{summary}"""']),
            body,
            "",
        )
    )
    # The cause is what tests give first, and most often alone.
    text.insert(1, f"    {_CAUSE.parameter()},")
    return iter(text)
