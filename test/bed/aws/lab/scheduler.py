"""Deployments of services, as ECS rolls them: the new tasks first, the old ones until these are healthy."""

import asyncio
import random
import time
import uuid

from moto.core.utils import utcnow
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

import tasks
from aws import around, ecs

# What moto drops of CreateService.
KEPT = {
    "deploymentConfiguration": "deployment_configuration",
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
    "enableExecuteCommand": "enable_execute_command",
    "capacityProviderStrategy": "capacity_provider_strategy",
}
LONGEST_PAUSE = 2.0


def install():
    tasks.install()
    around(EC2ContainerServiceResponse, "create_service", _create)
    around(EC2ContainerServiceBackend, "update_service", _update)


async def run():
    while True:
        services = [service for service in ecs.services.values() if service.status == "ACTIVE"]
        for service in services:
            if service.deployments:
                _roll(service)
        for cluster in list(ecs.tasks.values()):
            for task in list(cluster.values()):
                if task.is_wanted and task.is_of_service and task.service not in services:
                    task.stop("ServiceSchedulerInitiated", "Service deleted")
                if not task.is_over:
                    task.go_on()
        await asyncio.sleep(0.05)


def _create(create, response):
    result = create(response)
    service = ecs._get_service(response._get_param("cluster", "default"), response._get_param("serviceName"))
    for name, attribute in KEPT.items():
        setattr(service, attribute, response._get_param(name))
    service.created_at = utcnow()
    service.running_count = service.pending_count = 0
    if service.deployments:
        service.deployments = [_deployment(service)]
    return result


def _update(update, backend, properties):
    service = backend._get_service(properties.get("cluster", "default"), properties["service"].split("/")[-1])
    shown = service.running_count, service.pending_count
    force = properties.get("force_new_deployment")
    update(backend, properties)
    service.running_count, service.pending_count = shown
    service.task_definition = backend.describe_task_definition(service.task_definition).arn
    # A waiter must not find the deployment that was there before, which is complete.
    if service.deployments and (force or service.deployments[0]["taskDefinition"] != service.task_definition):
        _put_first(service, _deployment(service))
    return service


def _deployment(service):
    name = f"ecs-svc/{random.randint(10**18, 10**19)}"
    return {
        "id": name,
        "status": "PRIMARY",
        "taskDefinition": service.task_definition,
        "desiredCount": service.desired_count,
        "runningCount": 0,
        "pendingCount": 0,
        "failedTasks": 0,
        "launchType": service.launch_type,
        "networkConfiguration": service.network_configuration or None,
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": f"ECS deployment {name} in progress.",
        "createdAt": utcnow(),
        "updatedAt": utcnow(),
    }


def _put_first(service, deployment):
    others = [other for other in service.deployments if other is not deployment]
    for other in others:
        other["status"] = "ACTIVE"
    deployment["status"] = "PRIMARY"
    service.deployments = [deployment, *others]


def _roll(service):
    primary = service.deployments[0]
    everyone = tasks.of_service(service)
    _note_failures(service, primary, everyone)
    _stop_unhealthy(service, everyone)
    wanted = [task for task in everyone if task.is_wanted]
    new = [task for task in wanted if task.started_by == primary["id"]]
    old = [task for task in wanted if task.started_by != primary["id"]]
    ready = [task for task in new if task.is_ready]
    if ready:
        primary["failedTasks"] = 0
    _start(service, primary, service.desired_count - len(new))
    _stop(service, primary, new[service.desired_count :])
    _stop(service, primary, old[max(0, service.desired_count - len(ready)) :])
    _count(service, everyone)
    _settle(service, primary, len(ready))
    _break_circuit(service, primary)


def _start(service, primary, number):
    if (
        number <= 0
        or primary["rolloutState"] == "FAILED"
        or primary.get("_pausedUntil", 0) > time.monotonic()
    ):
        return
    started = [tasks.Task(service, primary, next(tasks.Task.addresses)) for _ in range(number)]
    for task in started:
        ecs.tasks.setdefault(service.cluster_name, {})[task.task_arn] = task
    _say(service, f"has started {number} tasks: {_names(started)}.")


def _stop(service, primary, surplus):
    for task in surplus:
        task.stop("ServiceSchedulerInitiated", f"Scaling activity initiated by (deployment {primary['id']})")
    if surplus:
        _say(service, f"has begun draining connections on {len(surplus)} tasks.")
        _say(service, f"has stopped {len(surplus)} running tasks: {_names(surplus)}.")


def _stop_unhealthy(service, everyone):
    grace = getattr(service, "health_check_grace_period_seconds", None) or 0
    for task in everyone:
        if not task.is_wanted or task.age < grace:
            continue
        for group, (state, _, why) in list(task.health()):
            if state == "unhealthy":
                place = f"(target-group {group.arn})"
                _say(service, f"(task {task.id}) is unhealthy in {place} due to (reason {why}).")
                task.stop("ServiceSchedulerInitiated", f"{tasks.FOUND_UNHEALTHY} {place}")
                break


def _note_failures(service, primary, everyone):
    for task in everyone:
        if task.is_noted or not task.has_failed:
            continue
        task.is_noted = True
        if task.started_by != primary["id"]:
            continue
        primary["failedTasks"] += 1
        primary["_pausedUntil"] = time.monotonic() + min(LONGEST_PAUSE, 0.1 * 2 ** primary["failedTasks"])
        if task.stop_code == "TaskFailedToStart":
            _say(service, f"was unable to place a task. Reason: {task.stopped_reason}")
        if primary["failedTasks"] == 3:
            _say(service, "is unable to consistently start tasks successfully.")


def _count(service, everyone):
    """Only those that run: a task that is drained is DEACTIVATING, and counted no more."""
    for deployment in service.deployments:
        own = [task for task in everyone if task.started_by == deployment["id"]]
        deployment["runningCount"] = sum(task.last_status == "RUNNING" for task in own)
        deployment["pendingCount"] = sum(task.last_status == "PENDING" for task in own)
        deployment["_isGone"] = all(task.is_over for task in own)
    service.deployments[0]["desiredCount"] = service.desired_count
    service.running_count = sum(deployment["runningCount"] for deployment in service.deployments)
    service.pending_count = sum(deployment["pendingCount"] for deployment in service.deployments)
    primary, *others = service.deployments
    service.deployments = [primary, *(other for other in others if not other["_isGone"])]


def _settle(service, primary, ready):
    """COMPLETED is for good, however the service fares afterwards."""
    alone = len(service.deployments) == 1 and service.running_count == service.desired_count
    if primary["rolloutState"] != "IN_PROGRESS" or not alone or ready != service.desired_count:
        return
    _conclude(primary, "COMPLETED", f"ECS deployment {primary['id']} completed.")
    service.lab_completed = primary
    _say(service, f"(deployment {primary['id']}) deployment completed.")
    _say(service, "has reached a steady state.")


def _break_circuit(service, primary):
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html"""
    configuration = getattr(service, "deployment_configuration", None) or {}
    breaker = configuration.get("deploymentCircuitBreaker") or {}
    threshold = min(200, max(3, -(-service.desired_count // 2)))
    if (
        not breaker.get("enable")
        or primary["rolloutState"] != "IN_PROGRESS"
        or primary["failedTasks"] < threshold
    ):
        return
    reason = "ECS deployment circuit breaker: tasks failed to start."
    _conclude(primary, "FAILED", reason)
    _say(service, f"(deployment {primary['id']}) deployment failed: tasks failed to start.")
    last = getattr(service, "lab_completed", None)
    if breaker.get("rollback") and last is not None:
        _conclude(
            last, "IN_PROGRESS", f"ECS deployment circuit breaker: rolling back to deploymentId {last['id']}."
        )
        service.task_definition = last["taskDefinition"]
        _put_first(service, last)
        _say(service, f"(deployment {primary['id']}) rolling back to (deployment {last['id']}).")


def _conclude(deployment, state, reason):
    deployment.update(rolloutState=state, rolloutStateReason=reason, updatedAt=utcnow())


def _say(service, message):
    event = {"id": str(uuid.uuid4()), "createdAt": utcnow(), "message": f"(service {service.name}) {message}"}
    service.events = [event, *service.events][:100]


def _names(some):
    return " ".join(f"(task {task.id})" for task in some)
