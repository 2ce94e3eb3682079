"""The loop: waves, timers, causes, refusals that reach the controller, and disputes that are reported."""

from collections.abc import Iterable
from typing import Any

from kplan.engine.contract import Context, Create, Key, Noop, Options, Requeue, Steps, Update, Watch, own_key
from kplan.model.objects import Ref
from kplan.pipeline import Session
from kplan.store.journal import Write
from kplan.store.view import View

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "uid": "ns"}, "status": {"phase": "Active"}}


def config(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "a"}, "data": data}


class Base:
    name = "base"
    priority = 0
    watches: tuple[Watch, ...] = (Watch("ConfigMap", own_key),)


def open_with(*controllers: Any, settle: float = 60.0) -> Session:
    session = Session.open([NAMESPACE], version="1.36", controllers=list(controllers), options=Options(settle=settle))
    session.begin()
    return session


def test_a_write_wakes_its_watchers_and_is_their_cause() -> None:
    class Echo(Base):
        name = "echo"

        def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
            assert isinstance(key, Ref)
            if key.name == "first" and view.get(Ref("ConfigMap", "a", "second")) is None:
                yield Create(config("second"), because="first-is-there")
            else:
                yield Noop("nothing-to-echo")

    session = open_with(Echo())
    session.server.create(config("first"))
    session.settle()
    first, second = session.store.journal.writes
    assert (second.actor, second.because, second.woken_by) == ("echo", "first-is-there", first.seq)
    assert session.engine.idle[("echo", Ref("ConfigMap", "a", "second"))] == "nothing-to-echo"


def test_a_refusal_is_sent_into_the_controller() -> None:
    heard: list[str] = []

    class Clumsy(Base):
        def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
            if not heard:
                outcome = yield Create(config("first"), because="again")
                assert outcome.error is not None
                heard.append(outcome.error.reason)

    session = open_with(Clumsy())
    session.server.create(config("first"))
    session.settle()
    assert heard == ["AlreadyExists"]


def test_time_jumps_to_foreground_timers_and_lists_the_others() -> None:
    class Slow(Base):
        def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
            assert isinstance(key, Ref)
            current = view.get(key)
            assert current is not None
            if "done" in current["data"]:
                yield Requeue(after=10, background=True, note="look again")
            elif ctx.now < begun + 5:
                yield Requeue(at=begun + 5)
            else:
                yield Update({**current, "data": {"done": "yes"}}, because="five-seconds-later")

    session = open_with(Slow())
    begun = session.server.now
    session.server.create(config("x"))
    session.settle()
    assert session.server.now == begun + 5
    assert [(t.at, t.note) for t in session.engine.later()] == [(begun + 15, "look again")]
    session.settle(60)
    assert session.server.now == begun + 65


def test_a_timer_beyond_the_horizon_counts_as_background() -> None:
    class Patient(Base):
        def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
            yield Requeue(after=900, note="a long time")

    session = open_with(Patient(), settle=60.0)
    begun = session.server.now
    session.server.create(config("x"))
    session.settle()
    assert session.server.now == begun
    assert [t.note for t in session.engine.later()] == ["a long time"]


def test_two_that_disagree_are_reported_and_left_alone() -> None:
    def rival(who: str) -> Any:
        class Rival(Base):
            name = who

            def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
                assert isinstance(key, Ref)
                current = view.get(key)
                assert current is not None
                if current["data"].get("winner") != who:
                    yield Update({**current, "data": {"winner": who}}, because="mine")

        return Rival()

    session = open_with(rival("one"), rival("two"))
    session.server.create(config("x", winner="nobody"))
    session.settle()
    (dispute,) = session.engine.oscillations
    assert dispute.ref == Ref("ConfigMap", "a", "x")
    assert set(dispute.writers) == {"one", "two"}


def test_at_one_instant_lower_priorities_wait_for_higher_ones() -> None:
    order: list[str] = []

    def recorder(who: str, rank: int) -> Any:
        class Recorder(Base):
            name = who
            priority = rank

            def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
                order.append(who)
                return
                yield

        return Recorder()

    session = open_with(recorder("kubelet", 2), recorder("scheduler", 1), recorder("controller", 0))
    for name in ("x", "y"):
        session.server.create(config(name))
    session.settle()
    assert order == ["controller", "controller", "scheduler", "scheduler", "kubelet", "kubelet"]


def test_every_object_of_the_initial_cluster_is_shown_once() -> None:
    seen: list[Key] = []

    def all_keys(write: Write, view: View) -> Iterable[Key]:
        return (write.ref,)

    class Witness(Base):
        watches = (Watch("*", all_keys),)

        def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
            seen.append(key)
            return
            yield

    open_with(Witness())
    assert seen == [Ref("Namespace", "", "a")]
