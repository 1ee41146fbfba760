"""Names what an agent may have made and is in the cluster now, one line each: for a look that has nothing of farhand in it."""
import sys

from kubernetes import client, config

config.load_kube_config(config_file=sys.argv[1])
core, batch = client.CoreV1Api(), client.BatchV1Api()
lists = {
    "job": batch.list_job_for_all_namespaces,
    "pod": core.list_pod_for_all_namespaces,
    "secret": core.list_secret_for_all_namespaces,
    "configmap": core.list_config_map_for_all_namespaces,
    "persistentvolumeclaim": core.list_persistent_volume_claim_for_all_namespaces,
    "serviceaccount": core.list_service_account_for_all_namespaces,
    "service": core.list_service_for_all_namespaces,
}
for kind, call in lists.items():
    for item in call().items:
        print(f"{item.metadata.namespace}/{kind}/{item.metadata.name}")
