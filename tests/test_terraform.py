"""What Terraform makes is what the program uses; every name in it leads somewhere."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import pytest

from pipelines.deploy.views import levels
from schemas.sql import views
from schemas.tables import TABLES, bigquery_name, bigquery_table, cluster_of, partition_of
from transforms.warehouse.bigquery import read_address

FOLDER = Path(__file__).parent.parent / "pipelines" / "deploy" / "terraform"
# Of Dataflow's API, FlexTemplateRuntimeEnvironment, as its client 0.13 has it.
ENVIRONMENT = {
    *("additionalExperiments", "additionalPipelineOptions", "additionalUserLabels"),
    *("autoscalingAlgorithm", "diskSizeGb", "enableStreamingEngine", "flexrsGoal"),
    *("ipConfiguration", "kmsKeyName", "launcherMachineType", "machineType", "maxWorkers"),
    *("network", "numWorkers", "sdkContainerImage", "serviceAccountEmail", "stagingLocation"),
    *("streamingMode", "subnetwork", "tempLocation", "workerRegion", "workerZone", "zone"),
}
# The narrowest of Google's roles that each needs, and on what: nothing beyond is granted.
ROLES = {
    ("google_project_iam_member", "roles/dataflow.worker"),
    ("google_project_iam_member", "roles/bigquery.jobUser"),
    ("google_project_iam_member", "roles/dataflow.developer"),
    ("google_bigquery_dataset_iam_member", "roles/bigquery.dataEditor"),
    ("google_bigquery_dataset_iam_member", "roles/bigquery.dataViewer"),
    ("google_storage_bucket_iam_member", "roles/storage.objectAdmin"),
    ("google_storage_bucket_iam_member", "roles/storage.objectViewer"),
    ("google_artifact_registry_repository_iam_member", "roles/artifactregistry.reader"),
    ("google_service_account_iam_member", "roles/iam.serviceAccountUser"),
}


def plain(value: Any) -> Any:
    """Take off the parser's quotes and marks."""
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items() if not k.startswith("__")}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, str) and re.fullmatch(r'".*"', value, re.DOTALL):
        return value[1:-1]
    return value


FILES = {path: plain(hcl2.loads(path.read_text())) for path in sorted(FOLDER.glob("*.tf"))}


def blocks(kind: str) -> Iterator[tuple[str, Any]]:
    """Give the blocks of a kind, named as references name them."""
    for told in FILES.values():
        for block in told.get(kind, []):
            for name, body in block.items():
                if kind == "resource":
                    yield from ((f"{name}.{inner}", each) for inner, each in body.items())
                else:
                    yield name, body


RESOURCES = dict(blocks("resource"))
VARIABLES = dict(blocks("variable"))
LOCALS = {
    name: value
    for told in FILES.values()
    for block in told.get("locals", [])
    for name, value in block.items()
}
WAREHOUSE = (
    re.findall(r'warehouse = "(.+?)"', LOCALS["parameters"])[0]
    .replace("${var.project}", "my-project")
    .replace("${google_bigquery_dataset.news.dataset_id}", "news")
)
PARAMETERS = json.loads((FOLDER.parent / "dataflow" / "metadata.json").read_text())["parameters"]
TABLES_MADE = RESOURCES["google_bigquery_table.rows"]


def texts() -> Iterator[tuple[str, str]]:
    """Give all files' text without comments and descriptions, which lead nowhere."""
    for path in FILES:
        text = re.sub(r"(?m)#.*$|^\s*description\s*=.*$", "", path.read_text())
        yield path.name, text


@pytest.mark.parametrize(("name", "text"), list(texts()), ids=[path.name for path in FILES])
def test_every_reference_leads_to_what_is_there(name: str, text: str) -> None:
    for variable in re.findall(r"\bvar\.(\w+)", text):
        assert variable in VARIABLES
    for local in re.findall(r"\blocal\.(\w+)", text):
        assert local in LOCALS
    for kind, resource in re.findall(r"\b(google_\w+)\.(\w+)", text):
        assert f"{kind}.{resource}" in RESOURCES


def test_every_variable_is_typed_described_and_used() -> None:
    used = " ".join(text for _, text in texts())
    for name, body in VARIABLES.items():
        assert body["type"]
        assert body["description"].endswith(".")
        assert f"var.{name}" in used, name
    assert all(body["description"].endswith(".") for _, body in blocks("output"))


def test_the_example_sets_what_has_no_default() -> None:
    example = plain(hcl2.loads((FOLDER / "example.tfvars").read_text()))
    needed = {name for name, body in VARIABLES.items() if "default" not in body}
    assert set(example) == needed
    shown = re.findall(r"^# (\w+) +=", (FOLDER / "example.tfvars").read_text(), re.MULTILINE)
    assert set(shown) <= set(VARIABLES) - needed


def test_tables_are_made_from_the_schemas_that_the_program_writes() -> None:
    folder = (FOLDER / LOCALS["schemas"].replace("${path.module}/", "")).resolve()
    made = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
    assert made.keys() == TABLES.keys()
    versions = LOCALS["table_versions"]
    for table, row in TABLES.items():
        assert made[table] == bigquery_table(row)
        assert f"{table}_v{versions.get(table, 1)}" == bigquery_name(table)
        fields = {field["name"] for field in made[table]["schema"]["fields"]}
        assert made[table]["clustering"]["fields"] == list(cluster_of(row))
        assert fields >= set(cluster_of(row))
        if partition := partition_of(row):
            assert made[table]["timePartitioning"] == {"type": "MONTH", "field": partition}
            assert partition in fields
    assert TABLES_MADE["schema"] == "${jsonencode(each.value.schema.fields)}"
    assert TABLES_MADE["clustering"] == "${each.value.clustering.fields}"
    told = json.dumps(TABLES_MADE)
    assert "time_partitioning.value.type" in told
    assert "time_partitioning.value.field" in told


def test_views_are_those_of_the_program_each_after_those_it_reads() -> None:
    made = json.loads((FOLDER / "views.json").read_text())
    assert made == levels(), "run: python -m pipelines.deploy.views > …/terraform/views.json"
    assert {name for level in made for name in level} == {*TABLES, *(view.name for view in views())}
    for number, level in enumerate(made):
        resource = RESOURCES[f"google_bigquery_table.views_{number}"]
        assert resource["for_each"] == f"${{local.views[{number}]}}"
        before = "rows" if number == 0 else f"views_{number - 1}"
        assert resource["depends_on"] == [f"${{google_bigquery_table.{before}}}"]
        later = {name for after in made[number:] for name in after}
        for name, sql in level.items():
            read = set(re.findall(r"PROJECT\.DATASET\.(\w+)", sql))
            assert not read & later, name
    assert f"google_bigquery_table.views_{len(made)}" not in RESOURCES


def test_what_is_launched_are_parameters_of_the_template() -> None:
    given = set(re.findall(r"(\w+) = ", LOCALS["parameters"]))
    assert given <= {each["name"] for each in PARAMETERS}
    assert given >= {each["name"] for each in PARAMETERS if not each.get("isOptional")}
    assert read_address(WAREHOUSE) == read_address("bigquery:my-project.news")
    launched = LOCALS["launch"]["launchParameter"]
    assert set(launched) == {"jobName", "containerSpecGcsPath", "parameters", "environment"}
    assert set(LOCALS["environment"]) <= ENVIRONMENT
    job = RESOURCES["google_cloud_scheduler_job.pass"]["http_target"][0]
    assert job["body"] == "${base64encode(jsonencode(local.launch))}"
    assert job["uri"].endswith("/locations/${var.region}/flexTemplates:launch")
    assert job["oauth_token"][0]["service_account_email"].startswith("${google_service_account.")


def test_accounts_may_do_no_more_than_is_listed() -> None:
    granted = set()
    for name, body in RESOURCES.items():
        kind = name.partition(".")[0]
        assert not kind.endswith(("_iam_policy", "_iam_binding"))  # they take from others
        if kind.endswith("_iam_member"):
            roles = body["role"] if body["role"] != "${each.value}" else body["for_each"]
            granted |= {(kind, role) for role in re.findall(r"roles/[\w.]+", roles)}
            assert "allUsers" not in str(body)
            assert "allAuthenticatedUsers" not in str(body)
    assert granted == ROLES


def test_no_secret_and_no_key_is_in_it() -> None:
    for name, text in texts():
        found = re.findall(r"(?i)\w*(?:password|secret|token|private_key|api_key)\w*", text)
        assert set(found) <= {"oauth_token"}, name
    assert not any("service_account_key" in name for name in RESOURCES)
