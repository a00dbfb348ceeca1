"""What the ops of a client do (PROTOCOL 4.2 to 4.4)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import islice
from typing import Any, ClassVar, Protocol

from cosmo_bus.errors import NamespaceTaken
from cosmo_bus.hub import Hub, Receiver, Subscriber
from cosmo_bus.namespaces import Namespaces
from cosmo_bus.outbox import Outbox
from cosmo_bus.router import Route
from cosmo_bus.subjects import MAX_LENGTH
from cosmo_bus.wire import LEGACY_MAX_RECEIVED, Line, Op, is_absent, is_string, line_of, msg_tail, unknown_op

_LONGEST_NAME = 64


class Client(Receiver, Protocol):
    """What the ops know of the session that they serve."""

    outbox: Outbox
    name: str
    """What it calls itself."""

    @property
    def manages(self) -> bool:
        """Whether it may stop what others announced."""
        ...

    @property
    def neighbours(self) -> int:
        """Sessions of the bus, this one included."""
        ...

    def refuse(self, message: str) -> None:
        """Answer with `err`."""
        ...

    def tell(self, event: str, level: int = logging.INFO, **facts: Any) -> None:
        """Tell the operator what this client did."""
        ...

    def welcome(self) -> bytes:
        """The line that greets a client."""
        ...


class Owner(Protocol):
    """Who announced a namespace, and is told when somebody stops it."""

    def send(self, head: bytes, tail: bytes = b"") -> bool:
        """Queue a line."""
        ...


class Ops:
    """Carries out what one client asks for, and keeps its subscriptions."""

    def __init__(self, client: Client, hub: Hub, namespaces: Namespaces[Owner]) -> None:
        self._client = client
        self._hub = hub
        self._namespaces = namespaces
        self._routes: dict[str, Route[Subscriber]] = {}

    @property
    def subscriptions(self) -> int:
        """Held now."""
        return len(self._routes)

    def patterns(self, most: int, longest: int) -> list[dict[str, str]]:
        """What it subscribes to, in the order it asked: subjects, and queue groups where it named any.

        Args:
            most: no more of them.
            longest: characters told of each.
        """
        told = []
        for route in islice(self._routes.values(), most):
            group = {} if route.group is None else {"queue_group": route.group[:longest]}
            told.append({"subject": route.pattern[:longest], **group})
        return told

    def carry_out(self, op: Op) -> None:
        """Do it and answer, or refuse. Anything but a `pub`."""
        method = self._methods.get(op.op or "")
        if method is not None:
            method(self, op)
            return
        for extension in self._hub.extensions:
            if op.op in extension.ops:
                extension.carry_out(op, self._client)
                return
        self._client.refuse(unknown_op(op.op))

    def leave(self) -> None:
        """End every subscription and give up every namespace."""
        for route in self._routes.values():
            self._hub.router.remove(route)
        self._routes.clear()
        for name in self._namespaces.remove_owner(self._client):
            self._client.tell("namespace_gone", namespace=name, reason="its owner left")
        for extension in self._hub.extensions:
            extension.leave(self._client)

    def publish(self, op: Line) -> None:
        """Carry out a `pub`, as nearly all lines are."""
        subject = op.subject
        if not subject or len(subject) > MAX_LENGTH or not is_string(op.frame):
            self._client.refuse(_why_not_published(op))
            return
        self._namespaces.count(subject)
        skipped = self._hub.publish(subject, op.frame, self._client)
        if skipped:
            self._client.refuse(
                f"frame too large for {skipped} legacy subscriber(s) of {subject}: not sent to them"
            )

    def _sub(self, op: Op) -> None:
        if op.sub_id is None or not op.subject:
            self._client.refuse("sub: missing sub_id/subject")
        elif max(len(op.subject), len(op.sub_id), len(op.queue_group or "")) > MAX_LENGTH:
            self._client.refuse(f"sub: longer than {MAX_LENGTH} characters")
        else:
            self._forget(op.sub_id)
            self._routes[op.sub_id] = self._hub.router.add(
                op.subject, Subscriber(self._client, msg_tail(op.sub_id)), group=op.queue_group
            )

    def _unsub(self, op: Op) -> None:
        self._forget(op.sub_id)

    def _forget(self, sub_id: str | None) -> None:
        route = None if sub_id is None else self._routes.pop(sub_id, None)
        if route is not None:
            self._hub.router.remove(route)

    def _hello(self, op: Op) -> None:
        if op.max_line is not None:
            self._client.max_line = max(op.max_line, LEGACY_MAX_RECEIVED)
        self._client.outbox.drop_oldest = op.observer
        self._client.name = (op.name or "")[:_LONGEST_NAME]
        self._client.tell("session_named", observer=op.observer, max_line=self._client.max_line)
        self._client.send(self._client.welcome())

    def _ping(self, op: Op) -> None:
        self._client.send(b'{"op":"pong"}\n')

    # -- namespaces

    def _ns_register(self, op: Op) -> None:
        if not op.namespace:
            self._client.refuse("ns_register: missing namespace")
            return
        if max(len(op.namespace), len(op.transport or "")) > MAX_LENGTH:
            self._client.refuse(f"ns_register: longer than {MAX_LENGTH} characters")
            return
        try:
            self._namespaces.register(op.namespace, op.transport or "memory", self._client)
        except NamespaceTaken as taken:
            self._client.tell("namespace_refused", logging.WARNING, namespace=op.namespace, reason=str(taken))
            self._client.refuse(f"ns_register: {taken}")
            return
        self._client.tell("namespace_announced", namespace=op.namespace)
        self._client.send(line_of(op="ns_registered", namespace=op.namespace))

    def _mgmt_list(self, op: Op) -> None:
        self._client.send(line_of(op="mgmt_ns_list", namespaces=self._namespaces.describe()))

    def _mgmt_info(self, op: Op) -> None:
        known = self._namespaces.get(op.namespace)
        if known is None:
            self._client.refuse(_not_found(op.namespace))
            return
        self._client.send(
            line_of(op="mgmt_ns_info", **known.describe(), client_count=self._client.neighbours)
        )

    def _mgmt_stop(self, op: Op) -> None:
        known = self._namespaces.get(op.namespace)
        if known is None:
            self._client.refuse(_not_found(op.namespace))
            return
        if known.owner is not self._client and not self._client.manages:
            self._client.tell("namespace_stop_refused", logging.WARNING, namespace=known.name)
            self._client.refuse(f"mgmt_stop: only who announced namespace {known.name[:200]!r} may stop it")
            return
        self._namespaces.remove(known.name)
        self._client.tell("namespace_stopped", namespace=known.name, signals=known.signal_count)
        known.owner.send(line_of(op="ns_stopping", namespace=known.name))
        self._client.send(line_of(op="mgmt_stop_ack", namespace=known.name))

    _methods: ClassVar[dict[str, Callable[[Ops, Op], None]]] = {
        "hello": _hello,
        "ping": _ping,
        "sub": _sub,
        "unsub": _unsub,
        "ns_register": _ns_register,
        "mgmt_list": _mgmt_list,
        "mgmt_info": _mgmt_info,
        "mgmt_stop": _mgmt_stop,
    }


def _why_not_published(op: Line) -> str:
    if not op.subject or is_absent(op.frame):
        return "pub: missing subject/frame"
    if not is_string(op.frame):
        return "pub: frame must be a string, the JSON text of the message"
    return f"pub: subject longer than {MAX_LENGTH} characters"


def _not_found(namespace: str | None) -> str:
    return f"namespace {repr(namespace)[:200]} not found"
