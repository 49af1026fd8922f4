"""Locust on the kubeconfig's current cluster, from a program in Python."""

import pulumi
import pulumi_serverless_load_testing as load_testing

config = pulumi.Config()

locust = load_testing.LocustDeployment(
    "shop",
    # Relative to this folder.
    scripts_folder="load",
    script="visit.py",
    target_host=config.require("targetHost"),
    worker_replicas=2,
)

pulumi.export("namespace", locust.namespace_name)
# pulumi stack output token --show-secrets
pulumi.export("token", locust.token)
