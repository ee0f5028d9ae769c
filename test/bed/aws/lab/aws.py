"""moto's own state, and a way to change how it answers."""

from functools import wraps

from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.ec2.models import ec2_backends
from moto.ecr.models import ecr_backends
from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends
from moto.ssm.models import ssm_backends

REGION = "us-east-1"

ec2 = ec2_backends[ACCOUNT][REGION]
ecr = ecr_backends[ACCOUNT][REGION]
ecs = ecs_backends[ACCOUNT][REGION]
elb = elbv2_backends[ACCOUNT][REGION]
ssm = ssm_backends[ACCOUNT][REGION]


def around(owner, name, wrapper):
    """From now on, owner.name(...) is wrapper(original, self, ...)."""
    original = getattr(owner, name)

    @wraps(original)
    def wrapped(self, *arguments, **named):
        return wrapper(original, self, *arguments, **named)

    setattr(owner, name, wrapped)
