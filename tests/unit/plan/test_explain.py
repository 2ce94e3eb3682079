"""Explanations: the chain goes down to what the user wrote."""

from pathlib import Path

from tests.oracle.running import run

SHOP = str(Path(__file__).parents[3] / "fixtures" / "manifests" / "shop")


def explain(target: str, tmp_path: Path) -> list[str]:
    said = run(["explain", target, "-n", "shop", "-f", SHOP], tmp_path)
    assert said.code == 0, said.stderr
    return said.stdout.splitlines()


def test_a_pods_chain_ends_at_the_line_of_its_deployment(tmp_path: Path) -> None:
    lines = explain("pod/api-", tmp_path)
    assert "bound Pod shop/api-" in lines[1]
    assert "replicaset-controller created Pod shop/api-" in lines[2]
    assert "deployment-controller created ReplicaSet shop/api-" in lines[3]
    assert "kubectl created Deployment shop/api" in lines[4]
    assert "30-api.yaml:" in lines[5]


def test_a_pending_pod_says_what_the_scheduler_says(tmp_path: Path) -> None:
    text = "\n".join(explain("pod/search-", tmp_path))
    assert "It stays Pending: 0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient cpu." in text


CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {accessModes: [ReadWriteOnce], storageClassName: gold, resources: {requests: {storage: 1Gi}}}
"""


def test_a_pending_claim_says_what_was_last_said_of_it(tmp_path: Path) -> None:
    (tmp_path / "claim.yaml").write_text(CLAIM)
    said = run(["explain", "pvc/data", "-n", "shop", "-f", SHOP, "-f", "claim.yaml"], tmp_path)
    assert '  It stays Pending: storageclass.storage.k8s.io "gold" not found' in said.stdout.splitlines()


def test_a_headless_service_lists_the_names_of_its_pods(tmp_path: Path) -> None:
    text = "\n".join(explain("service/db", tmp_path))
    assert "DNS db.shop.svc.cluster.local: 2 addresses" in text
    assert "DNS db-1.db.shop.svc.cluster.local: 10." in text
    assert "DNS _postgres._tcp.db.shop.svc.cluster.local: SRV, port 5432" in text


def test_an_ingress_says_where_it_leads(tmp_path: Path) -> None:
    assert "  shop.example.com/ → Service web:http → 3 ready pods" in explain("ingress/web", tmp_path)


def test_a_network_policy_says_whom_it_lets_in(tmp_path: Path) -> None:
    lines = explain("networkpolicy/db-from-api", tmp_path)
    assert "  isolates 2 pods for ingress" in lines
    assert any(line.startswith("  ingress: allowed from 2 pods of shop") for line in lines)


def test_what_is_not_there_is_an_error_on_one_line(tmp_path: Path) -> None:
    said = run(["explain", "deployment/nobody", "-f", SHOP], tmp_path)
    assert (said.code, said.stdout) == (1, "")
    assert said.stderr == "error: deployment/nobody: no such object in the planned cluster\n"
