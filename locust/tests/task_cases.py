"""Users with task sets of all kinds, which say in `log` what they do."""

from typing import Any, ClassVar

from locust import SequentialTaskSet, TaskSet, User, constant, task
from locust.exception import RescheduleTask, StopUser

log: list[str] = []


class Base(User):
    abstract = True
    wait_time = constant(1000)


class Plain(Base):
    @task
    def one(self) -> None:
        log.append("one")


class Steps(SequentialTaskSet):
    def on_start(self) -> None:
        log.append("start")

    @task
    def first(self) -> None:
        log.append("1")

    @task
    def second(self) -> None:
        log.append("2")

    @task
    def third(self) -> None:
        log.append("3")


class InSteps(Base):
    tasks: ClassVar[list[Any]] = [Steps]


class Leaving(SequentialTaskSet):
    @task
    def first(self) -> None:
        log.append("1")
        self.interrupt()

    @task
    def never(self) -> None:
        log.append("never")


class LeavesLate(Leaving):
    @task
    def first(self) -> None:
        log.append("1")
        self.interrupt(reschedule=False)


class Pages(TaskSet):
    def on_start(self) -> None:
        log.append("start")
        self.seen = 0

    @task
    def page(self) -> None:
        log.append("page")
        self.seen += 1
        if self.seen == 2:
            self.interrupt()


class Nested(Base):
    tasks: ClassVar[list[Any]] = [Pages]


class InnerSteps(SequentialTaskSet):
    @task
    def before(self) -> None:
        log.append("before")

    tasks: ClassVar[list[Any]] = [Pages]

    @task
    def after(self) -> None:
        log.append("after")


class PagesInSteps(Base):
    tasks: ClassVar[list[Any]] = [InnerSteps]


class Odd(Base):
    @task
    def raises(self) -> None:
        log.append("raise")
        raise ValueError("on purpose")


class OddStep(SequentialTaskSet):
    @task
    def raises(self) -> None:
        log.append("raise")
        raise ValueError("on purpose")

    @task
    def goes_on(self) -> None:
        log.append("goes on")


class Reschedules(Base):
    @task
    def one(self) -> None:
        log.append("one")
        raise RescheduleTask


class Stops(Base):
    @task
    def one(self) -> None:
        log.append("one")
        raise StopUser


class WithoutTasks(Base):
    wait_time = constant(0.01)


class OwnWait(Base):
    wait_time = constant(0.02)

    @task
    def one(self) -> None:
        log.append("before")
        self.wait()
        log.append("after")


class InLeaving(Base):
    tasks: ClassVar[list[Any]] = [Leaving]


class InLeavesLate(Base):
    tasks: ClassVar[list[Any]] = [LeavesLate]


class InOddStep(Base):
    tasks: ClassVar[list[Any]] = [OddStep]
