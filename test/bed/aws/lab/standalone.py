"""Tasks of no service, as RunTask starts them."""

from types import SimpleNamespace

from moto.ecs.models import EC2ContainerServiceBackend

from aws import around
from tasks import Task


def install():
    around(EC2ContainerServiceBackend, "run_task", _run)


def _run(_, backend, cluster_name, definition_name, count, overrides, started_by, *_others):
    """Behind no load balancer, and what it is told to do ends by itself."""
    cluster, definition = backend._get_cluster(cluster_name), backend.describe_task_definition(definition_name)
    nobody = SimpleNamespace(
        name=None,
        cluster_name=cluster.name,
        cluster_arn=cluster.arn,
        launch_type="FARGATE",
        load_balancers=[],
    )
    deployment = {"taskDefinition": definition.arn, "id": started_by or ""}
    command = next((told["command"] for told in (overrides or {}).get("containerOverrides", [])), None)
    started = [Task(nobody, deployment, next(Task.addresses), command) for _ in range(count)]
    for task in started:
        task.group = f"family:{definition.family}"
        backend.tasks.setdefault(cluster.name, {})[task.task_arn] = task
    return started
