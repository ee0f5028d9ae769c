"""The parameter store, where time passes as a test wants."""

from datetime import timedelta

from aws import ssm


def age(path, milliseconds):
    """All under a path were written so much earlier than they were."""
    for name in ssm._parameters.get_keys_beginning_with(f"{path}/", True):
        for version in ssm._parameters[name]:
            version.last_modified_date -= timedelta(milliseconds=milliseconds)
