"""Asks targets for their health as a load balancer does, and keeps those that leave until drained."""

import asyncio
import time
from dataclasses import dataclass

import aiohttp
from moto.elbv2.exceptions import TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup

from aws import around, elb

# An interval of 5 seconds, the shortest on AWS, is 200 milliseconds here.
HASTE = 25

NOT_IN_USE = (
    "unused",
    "Target.NotInUse",
    "Target group is not configured to receive traffic from the load balancer",
)
NOT_REGISTERED = ("unused", "Target.NotRegistered", "Target is not registered to the target group")
REGISTERING = ("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
DRAINING = ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
HEALTHY = ("healthy", None, None)


@dataclass
class Target:
    id: str
    port: int
    shown: tuple = REGISTERING
    good: int = 0
    bad: int = 0
    asked_at: float = 0
    is_asked: bool = False
    drained_at: float | None = None

    @property
    def state(self):
        return self.shown[0]


def targets_of(group):
    """By their addresses. Those that drain are among them."""
    return group.__dict__.setdefault("lab_targets", {})


def is_drained(group, address):
    target = targets_of(group).get(address)
    return target is None or target.drained_at is None or target.drained_at <= time.monotonic()


def install():
    around(FakeTargetGroup, "register", _register)
    around(FakeTargetGroup, "deregister", _deregister)
    around(ELBv2Backend, "describe_target_health", _describe)


async def run():
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True, limit=0)) as session:
        asking = set()
        while True:
            now = time.monotonic()
            for group in list(elb.target_groups.values()):
                for target in _due(group, now):
                    target.asked_at, target.is_asked = now, True
                    task = asyncio.create_task(_ask(session, group, target))
                    asking.add(task)
                    task.add_done_callback(asking.discard)
            await asyncio.sleep(0.05)


def _due(group, now):
    interval = int(group.health_check_interval_seconds) / HASTE
    in_use = elb._any_listener_using(group.arn)
    for target in list(targets_of(group).values()):
        if target.drained_at is not None:
            if target.drained_at <= now:
                del targets_of(group)[target.id]
        elif not in_use:
            target.shown, target.good, target.bad = NOT_IN_USE, 0, 0
        else:
            if target.shown is NOT_IN_USE:
                target.shown = REGISTERING
            # One question at a time: when the lab stands still for a moment, that is one answer too late, and not several.
            if target.asked_at + interval <= now and not target.is_asked:
                yield target


async def _ask(session, group, target):
    try:
        why = await _complaint(session, group, target)
    finally:
        target.is_asked = False
    if target.drained_at is None and target.shown is not NOT_IN_USE:
        _judge(group, target, why)


async def _complaint(session, group, target):
    """None: it is well."""
    url = f"http://{target.id}:{target.port}{group.health_check_path or '/'}"
    timeout = aiohttp.ClientTimeout(total=int(group.health_check_timeout_seconds) / HASTE + 3)
    try:
        async with session.get(url, timeout=timeout, allow_redirects=False) as answer:
            if _matches(group.matcher["HttpCode"], answer.status):
                return None
            return "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{answer.status}]"
    except asyncio.TimeoutError:
        return "Target.Timeout", "Request timed out"
    except aiohttp.ClientError:
        return "Target.FailedHealthChecks", "Health checks failed"


def _judge(group, target, why):
    target.good, target.bad = (target.good + 1, 0) if why is None else (0, target.bad + 1)
    # A newcomer needs one good answer alone:
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
    enough = 1 if target.state == "initial" else int(group.healthy_threshold_count)
    if target.good >= enough:
        target.shown = HEALTHY
    elif target.bad >= int(group.unhealthy_threshold_count):
        target.shown = ("unhealthy", *why)


def _matches(codes, status):
    """`200`, `200,204` or `200-299`."""
    ranges = (part.split("-") for part in codes.split(","))
    return any(int(ends[0]) <= status <= int(ends[-1]) for ends in ranges)


def _register(register, group, targets):
    register(group, targets)
    for target in targets:
        port = int(target.get("Port") or group.port)
        known = targets_of(group).get(target["Id"])
        if known is None or known.drained_at is not None:
            targets_of(group)[target["Id"]] = Target(target["Id"], port)


def _deregister(deregister, group, targets):
    deregister(group, targets)
    for target in targets:
        leaving = targets_of(group)[target["Id"]]
        delay = int(group.attributes["deregistration_delay.timeout_seconds"])
        leaving.drained_at = time.monotonic() + (0 if leaving.shown is NOT_IN_USE else delay)
        leaving.shown = DRAINING


def _describe(_, backend, target_group_arn, asked):
    group = backend.target_groups.get(target_group_arn)
    if group is None:
        raise TargetGroupNotFoundError()
    known = targets_of(group)
    targets = [known.get(one["Id"]) or _unknown(group, one) for one in asked] if asked else known.values()
    return [
        FakeHealthStatus(target.id, target.port, group.health_check_port, *target.shown) for target in targets
    ]


def _unknown(group, asked):
    return Target(asked["Id"], asked.get("Port", group.port), NOT_REGISTERED)
