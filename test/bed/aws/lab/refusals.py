"""What AWS refuses and moto accepts, and what moto shows otherwise than AWS."""

import copy
import time

from moto.cloudwatch.models import Alarm
from moto.ecs.exceptions import EcsClientException, InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend
from moto.elbv2.exceptions import ELBClientError, InvalidLoadBalancerActionException
from moto.elbv2.models import ELBv2Backend, FakeAction
from moto.ssm.exceptions import ParameterAlreadyExists
from moto.ssm.models import SimpleSystemManagerBackend

from aws import around, elb

# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html
SECONDS_UNTIL_A_DELETED_NAME_IS_FREE = 30


def install():
    around(Alarm, "__init__", _alarm)
    around(FakeAction, "__init__", _action)
    around(ELBv2Backend, "modify_listener", _modify_listener)
    around(ELBv2Backend, "modify_rule", _modify_rule)
    around(ELBv2Backend, "describe_target_groups", _describe_target_groups)
    around(EC2ContainerServiceBackend, "create_service", _create_service)
    around(EC2ContainerServiceBackend, "update_service", _update_service)
    around(SimpleSystemManagerBackend, "put_parameter", _put_parameter)
    around(SimpleSystemManagerBackend, "delete_parameter", _delete_parameter)
    around(SimpleSystemManagerBackend, "delete_parameters", _delete_parameters)


def _alarm(make, alarm, *arguments, **named):
    make(alarm, *arguments, **named)
    alarm.state_value = "INSUFFICIENT_DATA"


def _action(make, action, data):
    if data.get("Type") == "forward":
        _show_as_aws_does(data)
    if data.get("Type") == "authenticate-oidc":
        _keep_secret(data["AuthenticateOidcConfig"])
    make(action, data)


def _describe_target_groups(describe, backend, *arguments, **named):
    """Each with the load balancers that name it now, and not with all that ever did."""
    groups = list(describe(backend, *arguments, **named))
    for group in groups:
        group.load_balancer_arns = [
            balancer.arn for balancer in backend.load_balancers.values() if _names(backend, balancer, group)
        ]
    return groups


def _names(backend, balancer, group):
    return any(
        group.arn in backend._get_target_group_arns_from(action_data=action.data)
        for listener in balancer.listeners.values()
        for rule in listener.rules.values()
        for action in rule.actions
    )


def _show_as_aws_does(forward):
    """One target group is shown in both places, several in ForwardConfig alone."""
    single = forward.get("TargetGroupArn")
    groups = forward.setdefault("ForwardConfig", {}).setdefault("TargetGroups", [])
    if single and not groups:
        groups.append({"TargetGroupArn": single, "Weight": 1})
    if single and [group["TargetGroupArn"] for group in groups] != [single]:
        raise InvalidLoadBalancerActionException(
            "A target group ARN and a forward config can be given together only for the same target group"
        )
    if len(groups) == 1:
        forward["TargetGroupArn"] = groups[0]["TargetGroupArn"]


def _keep_secret(oidc):
    use_existing = str(oidc.pop("UseExistingClientSecret", False)).lower() == "true"
    if oidc.pop("ClientSecret", None) is None and not use_existing:
        raise InvalidLoadBalancerActionException("You must specify a client secret")


def _modify_listener(modify, backend, arn, port, protocol, ssl_policy, certificates, actions):
    backend._validate_actions([FakeAction(copy.deepcopy(action)) for action in actions])
    return modify(backend, arn, port, protocol, ssl_policy, certificates, actions)


def _modify_rule(modify, backend, rule_arn, conditions, actions):
    if backend.describe_rules(listener_arn=None, rule_arns=[rule_arn])[0].is_default:
        raise ELBClientError("OperationNotPermitted", f"Default rule '{rule_arn}' cannot be modified")
    return modify(backend, rule_arn, conditions, actions)


def _create_service(create, ecs, cluster, name, count, definition, load_balancers, *more, **named):
    for entry in load_balancers or []:
        arn = entry["targetGroupArn"]
        if not elb._any_listener_using(arn):
            raise InvalidParameterException(
                f"The target group with targetGroupArn {arn} does not have an associated load balancer."
            )
    return create(ecs, cluster, name, count, definition, load_balancers, *more, **named)


def _update_service(update, ecs, properties):
    service = ecs._get_service(properties.get("cluster", "default"), properties["service"].split("/")[-1])
    name = properties.get("task_definition")
    if name and service.deployment_controller["type"] == "CODE_DEPLOY":
        raise InvalidParameterException(
            "Unable to update task definition on services with a CODE_DEPLOY deployment controller. "
            "Use AWS CodeDeploy to trigger a new deployment."
        )
    if name and ecs.describe_task_definition(name).status == "INACTIVE":
        raise EcsClientException("TaskDefinition is inactive")
    return update(ecs, properties)


_deleted = {}


def _put_parameter(put, ssm, name, *arguments, **named):
    if name in _deleted and time.monotonic() < _deleted[name] + SECONDS_UNTIL_A_DELETED_NAME_IS_FREE:
        raise ParameterAlreadyExists()
    return put(ssm, name, *arguments, **named)


def _delete_parameter(delete, ssm, name):
    delete(ssm, name)
    _deleted[name] = time.monotonic()


def _delete_parameters(delete, ssm, names):
    gone = delete(ssm, names)
    _deleted.update({name: time.monotonic() for name in gone})
    return gone
