"""Random histories: every step as the tables say, and the events tell the whole story."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cosmo_sdk.coordination import (
    ManualClock,
    MemoryStore,
    NegotiationProtocol,
    NegotiationRules,
    NegotiationState,
    Task,
    TaskManager,
)

AGENTS = st.sampled_from(["ann", "bob"])
NAMES = ["t0", "t1"]
NAMES_ST = st.sampled_from(NAMES)
TTL_S = 5


class Tasks(RuleBasedStateMachine):
    """Two managers on one store, against a model of the task table."""

    @initialize(most=st.none() | st.integers(1, 3))
    def begin(self, most):
        self.clock = ManualClock()
        self.store = MemoryStore(self.clock)
        self.managers = [TaskManager(self.store).bind(clock=self.clock) for _ in range(2)]
        self.most = most
        constraints = {"claim_ttl_sec": TTL_S} | ({} if most is None else {"max_attempts": most})
        for name in NAMES:
            self.managers[0].submit(Task(name, constraints=constraints))
        self.model = {
            name: {"state": "pending", "holder": None, "attempt": 0, "since": None, "result": None}
            for name in NAMES
        }

    @rule(name=NAMES_ST, agent=AGENTS, which=st.integers(0, 1))
    def claim(self, name, agent, which):
        task = self.model[name]
        free = task["state"] == "pending"
        assert self.managers[which].claim(agent, name) is free
        if free:
            task.update(
                state="assigned", holder=agent, attempt=task["attempt"] + 1, since=self.clock.monotonic()
            )

    @rule(agent=AGENTS, which=st.integers(0, 1))
    def claim_next(self, agent, which):
        free = [name for name in NAMES if self.model[name]["state"] == "pending"]
        got = self.managers[which].claim_next(agent)
        assert (got and got.id) == (free[0] if free else None)
        if free:
            task = self.model[free[0]]
            task.update(
                state="assigned", holder=agent, attempt=task["attempt"] + 1, since=self.clock.monotonic()
            )

    @rule(name=NAMES_ST, agent=AGENTS, which=st.integers(0, 1))
    def start(self, name, agent, which):
        task = self.model[name]
        may = task["state"] == "assigned" and task["holder"] == agent
        assert self.managers[which].start(agent, name) is may
        if may:
            task["state"] = "running"

    @rule(name=NAMES_ST, agent=AGENTS, which=st.integers(0, 1))
    def heartbeat(self, name, agent, which):
        task = self.model[name]
        may = task["state"] in ("assigned", "running") and task["holder"] == agent
        assert self.managers[which].heartbeat(agent, name) is may
        if may:
            task["since"] = self.clock.monotonic()

    @rule(
        name=NAMES_ST,
        agent=st.none() | AGENTS,
        which=st.integers(0, 1),
        value=st.integers(0, 1),
        fail=st.booleans(),
    )
    def end(self, name, agent, which, value, fail):
        manager, task = self.managers[which], self.model[name]
        state = "failed" if fail else "completed"
        if agent is None and not fail:
            return
        holds = task["state"] not in ("pending", "cancelled") and task["holder"] == agent
        open_ = task["state"] in ("pending", "assigned", "running")
        same = task["state"] == state and task["result"] == value
        expected = (agent is None or holds) and (open_ or same)
        try:
            if fail:
                manager.fail_task(name, value, agent_id=agent)
            else:
                manager.report(agent, name, value)
        except ValueError:
            assert not expected
            return
        assert expected
        if open_:
            task.update(state=state, result=value, since=None)

    @rule(name=NAMES_ST, which=st.integers(0, 1))
    def cancel(self, name, which):
        task = self.model[name]
        open_ = task["state"] in ("pending", "assigned", "running")
        assert self.managers[which].cancel_task(name) is open_
        if open_:
            task.update(state="cancelled", holder=None, since=None)

    @rule(seconds=st.integers(0, 6), which=st.integers(0, 1))
    def sweep(self, seconds, which):
        self.clock.advance(seconds)
        now = self.clock.monotonic()
        released = []
        for name in NAMES:
            task = self.model[name]
            if task["since"] is None or now - task["since"] < TTL_S:
                continue
            if self.most is not None and task["attempt"] >= self.most:
                result = {"error": "max_attempts", "attempts": task["attempt"]}
                task.update(state="failed", result=result, since=None)
            else:
                task.update(state="pending", holder=None, since=None)
                released.append(name)
        assert self.managers[which].release_expired_claims(now) == released

    @invariant()
    def the_store_says_what_the_model_says(self):
        for name, expected in getattr(self, "model", {}).items():
            task = self.store.get(f"task:{name}")
            assert task.state.value == expected["state"]
            assert (task.assigned_to, task.attempt, task.result, task.claimed_at) == (
                expected["holder"],
                expected["attempt"],
                expected["result"],
                expected["since"],
            )

    @invariant()
    def both_managers_list_the_same(self):
        if hasattr(self, "model"):
            waiting = [name for name in NAMES if self.model[name]["state"] == "pending"]
            for manager in self.managers:
                assert [task.id for task in manager.list_pending_tasks()] == waiting

    def teardown(self):
        """The events alone tell where each task stands."""
        replayed = {}
        for _, event in self.store.events(0, limit=10_000) if hasattr(self, "store") else ():
            body = event.body
            told = replayed.setdefault(event.subject, {"holder": None, "result": None})
            told.update(state=body["state"], attempt=body.get("attempt", 0))
            if body["event"] == "claimed":
                told["holder"] = body["agent"]
            if body["event"] in ("released", "cancelled"):
                told["holder"] = None
            told["result"] = body.get("result", told["result"])
        for name, told in replayed.items():
            expected = self.model[name]
            assert told == {key: expected[key] for key in ("state", "holder", "attempt", "result")}


class Negotiating(RuleBasedStateMachine):
    """Three parties under random rules, against a model of the negotiation table."""

    everybody = ("ann", "bob", "cat")

    @initialize(
        turns=st.sampled_from(["free", "alternating"]),
        acceptance=st.sampled_from(["all", "any"]),
        rounds=st.none() | st.integers(1, 4),
    )
    def begin(self, turns, acceptance, rounds):
        rules = NegotiationRules(turns=turns, acceptance=acceptance, max_rounds=rounds)
        self.rules = rules
        self.protocol = NegotiationProtocol.with_rules(rules, store=MemoryStore())
        self.id = self.protocol.create_session("ann", ["bob", "cat"], 0)
        self.state, self.owner, self.last, self.yes, self.count = "proposed", "ann", "ann", set(), 1

    def turn(self, agent) -> bool:
        ring = self.everybody
        return self.rules.turns == "free" or ring[(ring.index(self.last) + 1) % 3] == agent

    @rule(agent=st.sampled_from([*everybody, "eve"]))
    def propose(self, agent):
        may = self.state in ("proposed", "countered") and agent != "eve" and self.turn(agent)
        full = may and self.rules.max_rounds is not None and self.count >= self.rules.max_rounds
        assert self.protocol.propose(self.id, agent, self.count) is (may and not full)
        if full:
            self.state = "closed"
        elif may:
            self.state, self.owner, self.last, self.yes = "countered", agent, agent, set()
            self.count += 1

    @rule(agent=st.sampled_from([*everybody, "eve"]))
    def accept(self, agent):
        open_ = self.state in ("proposed", "countered")
        again = open_ and agent in self.yes
        may = open_ and agent not in ("eve", self.owner) and (again or self.turn(agent))
        assert self.protocol.accept(self.id, agent) is may
        if may and not again:
            self.yes.add(agent)
            self.last = agent
            if self.rules.acceptance == "any" or len(self.yes) == 2:
                self.state = "accepted"

    @rule(agent=st.sampled_from([*everybody, "eve"]), luck=st.integers(0, 5))
    def reject(self, agent, luck):
        if luck:
            return
        may = self.state in ("proposed", "countered") and agent != "eve"
        assert self.protocol.reject(self.id, agent) is may
        if may:
            self.state = "rejected"

    @invariant()
    def the_session_says_what_the_model_says(self):
        if not hasattr(self, "id"):
            return
        session = self.protocol.get_session(self.id)
        assert session.state is NegotiationState(self.state)
        assert (set(session.accepted_by), session.owner, len(session.history)) == (
            self.yes,
            self.owner,
            self.count,
        )

    def teardown(self):
        """The last event of the session tells where it stands."""
        told = [event for _, event in self.protocol.store.events(0)] if hasattr(self, "id") else []
        steps = [event.body for event in told if "state" in event.body]
        for body in steps[-1:]:
            assert (body["state"], body["round"]) == (self.state, self.count)
            assert set(body["accepted_by"]) == self.yes
        ends = [event.kind for event in told if event.kind in ("negotiation.agreed", "negotiation.ended")]
        assert len(ends) == (self.state not in ("proposed", "countered") and bool(told))


for machine in (Tasks, Negotiating):
    machine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestTasks = Tasks.TestCase
TestNegotiating = Negotiating.TestCase
