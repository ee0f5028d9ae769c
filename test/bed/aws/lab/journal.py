"""What was done to services and to traffic, in the order in which it was done."""

import re
import time
from dataclasses import asdict, dataclass, field

from moto.elbv2.models import ELBv2Backend
from moto.ssm.models import SimpleSystemManagerBackend

import tasks
from aws import around, ecs, elb

_entries = []
_caller = None
_fences = {}


@dataclass
class Entry:
    """`served`: services that got requests right before; `after`, for traffic: those that get them since."""

    operation: str
    service: str | None
    served: list
    caller: dict | None
    desired: int | None = None
    after: list | None = None
    # The last of the numbered parameters that the caller was the first to write.
    fence: int | None = None
    # Of `after`: where every task that is wanted runs the newest deployment, and is healthy.
    ready: list | None = None
    at: float = field(default_factory=time.time)


def install():
    around(type(ecs), "update_service", _update)
    around(ELBv2Backend, "modify_listener", _move)
    around(ELBv2Backend, "modify_rule", _move)
    around(tasks.Task, "stop", _stop)
    around(SimpleSystemManagerBackend, "put_parameter", _put)


def calling(caller):
    """Who is it that moto is asked by from now on; None: nobody."""
    global _caller
    _caller = caller


def entries_of(prefix):
    """Of services whose names begin so."""
    return [asdict(entry) for entry in _entries if any(name.startswith(prefix) for name in _names(entry))]


def _names(entry):
    return [entry.service] if entry.service else [*entry.served, *entry.after]


def _update(update, backend, properties):
    before = _served(_all_rules())
    service = update(backend, properties)
    _note("UpdateService", service.name, before, desired=service.desired_count)
    return service


def _move(move, backend, *arguments, **named):
    rules = _rules_beside(arguments[0] if arguments else named["rule_arn"])
    before = _served(rules)
    ready = [service.name for service in ecs.services.values() if _is_ready(service)]
    result = move(backend, *arguments, **named)
    _note("Move", None, before, after=_served(rules), ready=ready)
    return result


def _stop(stop, task, code, reason):
    _note("StopTask", task.service.name, _served(_all_rules()))
    stop(task, code, reason)


def _put(put, backend, name, *arguments, **named):
    is_new = name not in backend._parameters
    result = put(backend, name, *arguments, **named)
    numbered = re.search(r"/[^/]*[^/\d][^/]*/(\d+)$", name)
    if is_new and numbered and _caller:
        _fences[_who()] = int(numbered[1])
    return result


def _note(operation, service, served, **others):
    _entries.append(Entry(operation, service, served, _caller, fence=_fences.get(_who()), **others))


def _who():
    return _caller and (_caller["user"], _caller["client"])


def _all_rules():
    return [
        rule
        for balancer in elb.load_balancers.values()
        for listener in balancer.listeners.values()
        for rule in listener.rules.values()
    ]


def _rules_beside(arn):
    """Of the listener that it names, or that has the rule that it names. A default action is a rule too, of no name."""
    listeners = [one for balancer in elb.load_balancers.values() for one in balancer.listeners.values()]
    named = (one for one in listeners if arn == one.arn or arn in one.rules)
    return [rule for listener in named for rule in listener.rules.values()]


def _served(rules):
    """Names of the services that are sent requests."""
    groups = {arn for rule in rules for action in rule.actions for arn in _weighing(action.data)}
    return [
        service.name
        for service in ecs.services.values()
        if any(entry["targetGroupArn"] in groups for entry in service.load_balancers)
    ]


def _weighing(data):
    listed = data.get("ForwardConfig", {}).get("TargetGroups", [])
    return [group["TargetGroupArn"] for group in listed if int(group.get("Weight", 1)) > 0]


def _is_ready(service):
    if not service.deployments or service.desired_count == 0:
        return False
    newest = service.deployments[0]["id"]
    wanted = [task for task in tasks.of_service(service) if task.is_wanted]
    return len(wanted) >= service.desired_count and all(
        task.started_by == newest and task.is_ready for task in wanted
    )
