"""What is in images: the environment that makes a release of the app behave as its test wants."""

import hashlib
import json

from moto.ecr.exceptions import RepositoryNotFoundException

from aws import ACCOUNT, REGION, ecr

REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"

_environments = {}  # by digest


def publish(repository, tag, environment):
    """Puts an image into the registry. Returns its name and its digest."""
    if repository not in ecr.repositories:
        ecr.create_repository(repository, None, None, None, None, None)
    manifest = json.dumps(
        {"schemaVersion": 2, "annotations": {"repository": repository, "tag": tag, **environment}}
    )
    digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
    ecr.put_image(repository, manifest, tag, "application/vnd.oci.image.manifest.v1+json", digest)
    _environments[digest] = {"VERSION": tag, **environment}
    return {"image": f"{REGISTRY}/{repository}:{tag}", "digest": digest}


def digest_of(name):
    """None where there is no such image in the registry."""
    path = name.removeprefix(f"{REGISTRY}/")
    repository, at, digest = path.partition("@")
    tag = ""
    if not at:
        repository, _, tag = path.rpartition(":")
    try:
        images = ecr.describe_images(repository)
    except RepositoryNotFoundException:
        return None
    for image in images:
        if image.get_image_digest() == digest or tag in (image.image_tags or []):
            return image.get_image_digest()
    return None


def is_absent(name):
    """What is in other registries is taken to be there."""
    return name.startswith(REGISTRY) and digest_of(name) is None


def environment_of(name):
    return _environments[digest_of(name)]
