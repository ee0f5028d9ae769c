"""Tasks: each is a process on a loopback address of its own, of a service or started alone."""

import ctypes
import os
import signal
import subprocess
import time
import uuid

from moto.core.utils import utcnow
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend

import images
from aws import ACCOUNT, REGION, around, ecs, elb
from prober import is_drained, targets_of

PR_SET_PDEATHSIG = 1
# What a task must outlive where no load balancer asks for its health.
SECONDS_TO_PROVE_ITSELF = 0.5
FAILURES = {"EssentialContainerExited", "TaskFailedToStart"}
FOUND_UNHEALTHY = "Task failed ELB health checks in"
_libc = ctypes.CDLL(None)


def install():
    around(EC2ContainerServiceBackend, "list_tasks", _list)
    around(EC2ContainerServiceBackend, "stop_task", _stop)


class Task:
    """Its public attributes are what DescribeTasks shows. All run `app`, each at the next of `addresses`."""

    def __init__(self, service, deployment, address, command=None):
        self.id = uuid.uuid4().hex
        self.task_arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/{service.cluster_name}/{self.id}"
        self.cluster_arn = service.cluster_arn
        self.task_definition_arn = deployment["taskDefinition"]
        self.container_instance_arn = ""
        self.group = f"service:{service.name}"
        self.started_by = deployment["id"]
        self.launch_type = service.launch_type
        self.desired_status, self.last_status = "RUNNING", "PENDING"
        self.created_at = utcnow()
        self.started_at = self.stopping_at = self.stopped_at = self.stop_code = self.stopped_reason = None
        self.attachments = [_interface(address)]
        self._address, self.service = address, service
        self._command = command or [Task.app]
        self._definition = ecs.describe_task_definition(self.task_definition_arn)
        self.containers = [
            {
                "name": container["name"],
                "image": container["image"],
                "imageDigest": images.digest_of(container["image"]),
                "taskArn": self.task_arn,
                "containerArn": f"{self.task_arn.replace(':task/', ':container/')}/{uuid.uuid4()}",
                "lastStatus": "PENDING",
            }
            for container in self._definition.container_definitions
        ]
        self._process = None
        self._killed_at = self._ran_at = None
        self.is_noted = False

    def advance(self):
        """moto asks its own tasks to change whenever they are described."""

    @property
    def is_of_service(self):
        return self.service.name is not None

    @property
    def is_wanted(self):
        return self.desired_status == "RUNNING"

    @property
    def is_over(self):
        return self.last_status == "STOPPED"

    @property
    def has_failed(self):
        """It ended, and neither the scheduler's plans nor a user made it."""
        return self.stop_code in FAILURES or (self.stopped_reason or "").startswith(FOUND_UNHEALTHY)

    @property
    def age(self):
        """In seconds, since it runs."""
        return 0 if self._ran_at is None else time.monotonic() - self._ran_at

    def go_on(self):
        """One step of its life."""
        if self.last_status == "PENDING" and self.is_wanted:
            self._start()
        elif self.is_wanted and self._process.poll() is not None:
            self.stop("EssentialContainerExited", "Essential container in task exited")
        elif self.last_status == "RUNNING" and not self.is_wanted:
            self._leave_target_groups()
        elif self.last_status == "DEACTIVATING" and all(
            is_drained(group, self._address) for group, _ in self.places()
        ):
            self._end_process()
        elif self.last_status == "STOPPING":
            self._bury()

    def stop(self, code, reason):
        self.desired_status, self.stopping_at = "STOPPED", utcnow()
        self.stop_code, self.stopped_reason = code, reason
        if self.last_status == "PENDING":
            self._show("STOPPED")
            self.stopped_at = utcnow()

    def kill(self):
        self._process.kill()

    def places(self):
        """The target groups that it is in, each with the port it has there."""
        for entry in self.service.load_balancers:
            group = elb.target_groups.get(entry["targetGroupArn"])
            if group is not None:
                yield group, int(entry["containerPort"])

    def health(self):
        """How each target group sees it."""
        for group, _ in self.places():
            target = targets_of(group).get(self._address)
            if target is not None:
                yield group, target.shown

    @property
    def is_ready(self):
        states = {shown[0] for _, shown in self.health()}
        if self.last_status != "RUNNING" or not states <= {"healthy", "unused"}:
            return False
        return "healthy" in states or self.age > SECONDS_TO_PROVE_ITSELF

    def _start(self):
        absent = next((shown["image"] for shown in self.containers if images.is_absent(shown["image"])), None)
        if absent is not None:
            problem = f"failed to resolve ref {absent}: {absent}: not found"
            attempts = "pull image manifest has been retried 1 time(s)"
            self.stop("TaskFailedToStart", f"CannotPullContainerError: {attempts}: {problem}")
            return
        self._process = subprocess.Popen(
            self._command,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_die_with_parent,
        )
        self._show("RUNNING")
        self._ran_at, self.started_at = time.monotonic(), utcnow()
        for group, port in self.places():
            group.register([{"Id": self._address, "Port": port}])

    def _environment(self):
        """The image's, the task definition's over it, and where this task is."""
        served = self._served()
        return {
            "COLOR": (self.service.name or "").rpartition("-")[2],
            "PORT": str(served["portMappings"][0]["containerPort"]),
            **images.environment_of(served["image"]),
            **{entry["name"]: entry["value"] for entry in served.get("environment", [])},
            "ADDRESS": self._address,
        }

    def _served(self):
        """The container that answers requests; those beside it are shown, but are no processes."""
        containers = self._definition.container_definitions
        names = [entry["containerName"] for entry in self.service.load_balancers]
        return next((container for container in containers if container["name"] in names), containers[0])

    def _leave_target_groups(self):
        self._show("DEACTIVATING")
        for group, port in self.places():
            if self._address in group.targets:
                group.deregister([{"Id": self._address, "Port": port}])

    def _end_process(self):
        self._show("STOPPING")
        self._killed_at = time.monotonic() + float(self._served().get("stopTimeout", 30))
        self._process.terminate()

    def _bury(self):
        if self._process.poll() is None:
            if self._killed_at <= time.monotonic():
                self._process.kill()
            return
        code = self._process.returncode
        for shown in self.containers:
            own = shown["name"] == self._served()["name"]
            shown["exitCode"] = (128 - code if code < 0 else code) if own else 0
        self._show("STOPPED")
        self.stopped_at = utcnow()

    def _show(self, status):
        self.last_status = status
        for shown in self.containers:
            shown["lastStatus"] = {"DEACTIVATING": "RUNNING", "STOPPING": "RUNNING"}.get(status, status)


def of_service(service):
    tasks = ecs.tasks.get(service.cluster_name, {}).values()
    return [task for task in tasks if task.group == f"service:{service.name}"]


def _list(list_all, backend, cluster, instance, family, started_by, service_name, status):
    tasks = list_all(backend, cluster, instance, family, started_by, None, status or "RUNNING")
    name = service_name and service_name.split("/")[-1]
    return [task for task in tasks if name is None or task.group == f"service:{name}"]


def _stop(_, backend, cluster, name, reason):
    known = backend.tasks.get(backend._get_cluster(cluster).name, {}).values()
    task = next((task for task in known if task.id == name.split("/")[-1]), None)
    if task is None:
        raise InvalidParameterException("The referenced task was not found.")
    task.stop("UserInitiated", reason or "Task stopped by user")
    return task


def _interface(address):
    return {
        "id": str(uuid.uuid4()),
        "type": "ElasticNetworkInterface",
        "status": "ATTACHED",
        "details": [{"name": "privateIPv4Address", "value": address}],
    }


def _die_with_parent():
    os.setsid()
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
