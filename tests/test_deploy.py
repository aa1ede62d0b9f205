"""Unit files, manifests and the operators' page hold: flags, paths and fields are real."""

import configparser
import json
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.__main__ import COMMANDS, Parser
from pipelines.exit_codes import ExitCode
from transforms.locks import LOCK_WAIT_S

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "pipelines" / "deploy"
PAGE = (DEPLOY / "README.md").read_text(encoding="utf-8")
KUBERNETES = "1.35"
MANIFESTS = [DEPLOY / "k8s" / "cronjob.yaml", DEPLOY / "flink" / "flinkdeployment.yaml"]
SHOWN = [
    line
    for block in re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
UNIT = DEPLOY / "systemd" / "dateline.service"


def parse(words: list[str]) -> Any:
    """Read a command as the program does; a flag that it lacks exits."""
    assert Path(words[0]).name == "dateline"
    parser = Parser(prog=f"dateline {words[1]}", allow_abbrev=False)
    import_module(COMMANDS[words[1]].flags).add_arguments(parser)
    return parser.parse_args(words[2:])


def unit() -> configparser.SectionProxy:
    """Give the settings of the service."""
    told = configparser.ConfigParser(interpolation=None, strict=True)
    told.optionxform = str  # type: ignore[assignment,method-assign]
    told.read(UNIT)
    return told["Service"]


def crontab() -> list[list[str]]:
    """Give the commands of the cron file, without what the shell does beside."""
    lines = (DEPLOY / "dateline.cron").read_text().splitlines()
    commands = [line.split(None, 6)[6] for line in lines if line and line[0] != "#"]
    words = [shlex.split(re.sub(r"\s*2>>\S+|^cd \S+ && ", "", command)) for command in commands]
    assert len(words) == 2
    return words


def pods() -> Iterator[dict[str, Any]]:
    """Give what all pods of the manifests are made from."""
    for path in MANIFESTS:
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] == "CronJob":
                yield document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
            if document["kind"] == "FlinkDeployment":
                yield document["spec"]["podTemplate"]["spec"]
                yield document["spec"]["taskManager"]["podTemplate"]["spec"]


def containers() -> list[dict[str, Any]]:
    """Give the containers that run our program."""
    found = [each for pod in pods() for each in pod["containers"]]
    return [each for each in found if each.get("command", [""])[0] == "dateline"]


def commands() -> list[list[str]]:
    """Give every command of the program in the files and on the page."""
    return [
        shlex.split(unit()["ExecStart"]),
        *crontab(),
        *([*each["command"], *each["args"]] for each in containers()),
        *(shlex.split(line) for line in SHOWN if line.startswith("dateline ")),
    ]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_is_one_that_the_program_takes(words: list[str]) -> None:
    args = parse(words)
    options = getattr(args, "beam_option", [])
    known = PipelineOptions([]).get_all_options()
    assert [option for option in options if option.partition("=")[0] not in known] == []
    assert bool(options) == (getattr(args, "runner", "DirectRunner") != "DirectRunner")


def test_commands_were_found_in_every_file() -> None:
    assert len(containers()) == 2
    assert len([words for words in commands() if words[1] == "ingest"]) >= 6


def test_the_page_tells_every_exit_code_and_the_wait() -> None:
    assert all(f"| {code.value} | {code.meaning} |" in PAGE for code in ExitCode)
    assert f"waits {LOCK_WAIT_S:.0f} seconds and ends with {ExitCode.BUSY}" in PAGE


def test_every_path_on_the_page_is_there() -> None:
    named = re.findall(r"pipelines/deploy/[\w./-]+", " ".join(SHOWN))
    listed = re.findall(
        r"`((?:systemd|k8s|flink|terraform|dataflow)/[\w./-]*|Docker\w+|\w+\.cron)`", PAGE
    )
    assert all((ROOT / path).exists() for path in named)
    assert all((DEPLOY / path).exists() for path in listed)
    assert {path.split("/")[0] for path in listed} >= {"systemd", "k8s", "flink", "terraform"}
    for line in SHOWN:
        for file in re.findall(r"-var-file=(\S+)", line):
            assert (DEPLOY / "terraform" / file).is_file()


def test_the_template_is_launched_by_hand_with_parameters_that_it_has() -> None:
    [line] = [line for line in SHOWN if line.startswith("gcloud")]
    metadata = json.loads((DEPLOY / "dataflow" / "metadata.json").read_text())
    regexes = {each["name"]: each["regexes"][0] for each in metadata["parameters"]}
    for given in shlex.split(line)[-1].split(","):
        name, _, value = given.partition("=")
        assert re.fullmatch(regexes[name], value)


def test_the_service_takes_a_pass_that_was_skipped_or_stopped_for_no_failure() -> None:
    codes = {int(code) for code in unit()["SuccessExitStatus"].split()}
    assert codes == {ExitCode.BUSY, ExitCode.STOPPED}
    assert int(unit()["TimeoutStopSec"]) > 2 * LOCK_WAIT_S  # a merge may wait for a query
    assert unit()["KillMode"] == "mixed"  # the program first, its workers with it
    assert "Restart" not in unit()  # the timer comes again


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_kubernetes_takes_the_manifests(path: Path) -> None:
    for document in yaml.safe_load_all(path.read_text()):
        if document["kind"] == "FlinkDeployment":  # its pods are what Kubernetes knows of it
            for spec in (document["spec"], document["spec"]["taskManager"]):
                pod = {"metadata": {"name": "x"}, "spec": spec["podTemplate"]["spec"]}
                for container in pod["spec"]["containers"]:
                    container.setdefault("image", "the operator's")
                document_of_pod = {"apiVersion": "v1", "kind": "Pod", **pod}
                kubernetes_validate.validate(document_of_pod, KUBERNETES, strict=True)
        else:
            kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_a_field_that_kubernetes_lacks_would_be_found() -> None:
    [document] = [
        each for each in yaml.safe_load_all(MANIFESTS[0].read_text()) if each["kind"] == "CronJob"
    ]
    document["spec"]["concurencyPolicy"] = "Forbid"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_passes_on_kubernetes_exclude_each_other_and_are_bounded() -> None:
    for path in MANIFESTS:
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] == "CronJob":
                assert document["spec"]["concurrencyPolicy"] == "Forbid"
                assert document["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"] > 0
    ours = [
        {**pod.get("securityContext", {}), **each["securityContext"], **each["resources"]}
        for pod in pods()
        for each in pod["containers"]
        if each in containers()
    ]
    for container in ours:
        assert {"cpu", "memory"} <= container["requests"].keys()
        assert "memory" in container["limits"]
        assert container["runAsNonRoot"]
        assert container["capabilities"] == {"drop": ["ALL"]}


def test_what_is_mounted_is_a_volume_and_what_the_program_is_given_lies_there() -> None:
    claims = {
        document["metadata"]["name"]
        for path in MANIFESTS
        for document in yaml.safe_load_all(path.read_text())
        if document["kind"] in ("PersistentVolumeClaim", "ConfigMap")
    }
    for pod in pods():
        volumes = {each["name"]: each for each in pod.get("volumes", [])}
        for each in volumes.values():
            claimed = each.get("persistentVolumeClaim", {}).get("claimName")
            assert {claimed, each.get("configMap", {}).get("name")} - {None} <= claims
        for container in pod["containers"]:
            if container["name"] == "worker-pool":  # its volumes are those of the template above
                continue
            mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
            assert mounts.keys() <= volumes.keys()
    for container in containers():
        args = parse([*container["command"], *container["args"]])
        paths = [each["mountPath"] for each in container["volumeMounts"]]
        for given in (args.feeds, args.warehouse):
            assert str(Path(given).parent) in paths


def test_a_setting_that_cannot_be_used_fails_the_job_on_kubernetes_at_once() -> None:
    [document] = [
        each for each in yaml.safe_load_all(MANIFESTS[0].read_text()) if each["kind"] == "CronJob"
    ]
    rules = document["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert rules[0]["action"] == "FailJob"
    assert rules[0]["onExitCodes"]["values"] == [ExitCode.SETTING]
