"""The Flex template: its parameters are the program's flags, and its job writes rows in order."""

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import DebugOptions, GoogleCloudOptions, PipelineOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from pipelines.deploy.dataflow import launcher
from pipelines.deploy.dataflow.launcher import options_of, parameters, read_parameters
from pipelines.ingest import stream_rows
from pipelines.options import add_arguments
from schemas.rows import ArticleRevision, FeedFetch, Run
from tests.test_remote import taken as taken  # a fixture

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "pipelines" / "deploy"
NAMES = [each["name"] for each in parameters()]
WAREHOUSE = "--warehouse=bigquery:my-project.news"
# Values that people give; what a regex lets through, the program takes.
FITTING = {
    "feeds": ["gs://my-bucket/feeds.opml", "gs://my-bucket/lists/a b.txt"],
    "warehouse": ["bigquery:my-project.news", "bigquery://my-project.news_2"],
    "contact": ["https://example.org/our-crawler", "crawler@example.org"],
    "interval": ["15m", "1h", "90s", "1d"],
    "every": ["15m", "90s"],
    "refetch": ["0", "24h", "24h,7d"],
    "languages": ["en", "en,fr,deu"],
    "host_delay": ["0", "2", "2.5"],
    "timeout": ["30", "30.5"],
    "concurrency": ["1", "200"],
    "workers": ["0", "8"],
}
UNFIT = {
    "feeds": ["feeds.opml", "gs://b", "gs://my-bucket/a\nb"],
    "warehouse": ["news.duckdb", "bigquery:news", "bigquery:p.d?rest=http://x"],
    "contact": ["ann", "a b@example.org"],
    "interval": ["15", "0h", "1w"],
    "every": ["0m", "soon"],
    "refetch": ["", "1h,", "0h"],
    "languages": ["English", "en, fr"],
    "host_delay": ["-1", "5000", "x"],
    "timeout": ["-1", "5000"],
    "concurrency": ["1.5", "-1"],
    "workers": ["all"],
}


def flags() -> dict[str, argparse.Action]:
    """Give the flags of `dateline ingest`, named as parameters are."""
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    return {
        flag.removeprefix("--").replace("-", "_"): action
        for action in parser._actions
        for flag in action.option_strings
    }


@pytest.mark.parametrize("given", parameters(), ids=NAMES)
def test_a_parameter_is_a_flag_of_the_program_in_its_words(given: dict[str, Any]) -> None:
    name, action = given["name"], flags()[given["name"]]
    assert given.get("isOptional", False) == (name not in ("feeds", "warehouse"))
    if name == "warehouse":  # the program's default is a file, which no worker sees
        return
    default = launcher.WORKERS if name == "workers" else action.default
    words = (action.help or "") % {"default": default}
    assert given["helpText"] == words.replace("all cores", str(default))
    if "defaultValue" in given:
        assert given["defaultValue"] == str(default)


@pytest.mark.parametrize("name", NAMES)
def test_a_regex_takes_what_the_program_takes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "feeds.txt").write_text("http://a.example/rss\n")
    monkeypatch.setattr(launcher, "copy_here", lambda _address, folder: folder / "feeds.txt")
    [given] = [each for each in parameters() if each["name"] == name]
    [regex] = given["regexes"]
    assert "(?" not in regex  # Dataflow's engine has neither look-around nor flags
    for value in FITTING[name]:
        assert re.fullmatch(regex, value)
        required = {"feeds": "gs://b/f", "warehouse": "bigquery:p.d", name: value}
        read_parameters([f"--{n}={v}" for n, v in required.items()], tmp_path)
    assert not [value for value in UNFIT[name] if re.search(regex, value)]


def test_what_the_launcher_of_dataflow_adds_goes_to_beam(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "feeds.txt").write_text("http://a.example/rss\n")
    added = [
        *("--runner=DataflowRunner", "--project=my-project", "--region=europe-west1"),
        *("--job_name=dateline", "--temp_location=gs://my-bucket/temp"),
        *("--staging_location=gs://my-bucket/staging", "--max_num_workers=1"),
        *("--template_location=gs://my-bucket/job_object", "--experiments=use_runner_v2"),
        *("--sdk_container_image=image", "--service_account_email=worker@x", "--new_option=1"),
    ]
    given = [f"--feeds={tmp_path / 'in' / 'feeds.txt'}", WAREHOUSE, "--host_delay=0"]
    settings, beams = read_parameters([*added[:4], *given, *added[4:]], tmp_path)
    assert beams == added
    assert (settings.runner, settings.host_delay_s, settings.archive) == ("DataflowRunner", 0, None)
    assert Path(settings.feeds or "").read_text() == "http://a.example/rss\n"
    options = options_of(beams)
    assert options.view_as(GoogleCloudOptions).template_location == "gs://my-bucket/job_object"
    assert options.view_as(DebugOptions).experiments == ["use_runner_v2", launcher.EXPERIMENT]


def test_no_flag_of_ours_is_an_option_of_beam() -> None:
    assert set(NAMES) & set(PipelineOptions([]).get_all_options()) == set()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([WAREHOUSE, "--feeds=nowhere://b/f.opml"], "feeds nowhere://b/f.opml: cannot be read"),
        ([WAREHOUSE, "--feeds=none/feeds.opml"], "feeds none/feeds.opml: cannot be read"),
        ([WAREHOUSE], "one of the arguments --feeds"),
        (["--feeds=" + __file__], "needs --feeds and --warehouse bigquery:PROJECT.DATASET"),
        (["--feeds=" + __file__, "--warehouse=bigquery:p"], "give bigquery:PROJECT.DATASET"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_one_line_of_json(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "set_up_logging", lambda _: None)
    try:
        code = launcher.main(argv)
    except SystemExit as exited:
        code = int(str(exited.code))
    [line] = capsys.readouterr().err.splitlines()
    assert code == 2
    assert said in json.loads(line)["message"]


def test_a_job_says_last_that_its_run_is_complete(
    make_row: Callable[..., Any], taken: list[Any]
) -> None:
    run = make_row(Run, run_id="1", status="running")
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        made = [make_row(FeedFetch, fetch_id="1"), make_row(ArticleRevision, revision_id="r")]
        rows = {"some": pipeline | beam.Create(made)}
        launcher.end_run(rows, stream_rows(rows, "bigquery:p.d"), run, "bigquery:p.d")
    [ended] = taken[2:]
    assert (ended.run_id, ended.version, ended.status) == ("1", 1, "complete")
    assert (ended.num_feeds, ended.num_articles, ended.num_events) == (1, 1, 0)


def locked(path: Path) -> dict[str, str]:
    """Give the versions of a lock file."""
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+?)(?: ;.*)? \\$", path.read_text(), re.MULTILINE))


def test_the_image_has_the_versions_that_are_tested() -> None:
    tested, image = locked(ROOT / "requirements.lock"), locked(DEPLOY / "requirements-gcp.lock")
    assert image["apache-beam"] == tested["apache-beam"]
    assert "google-cloud-dataflow-client" in image
    assert {name: image[name] for name in image if name in tested} == {
        name: tested[name] for name in tested if name in image
    }
    hashes = (DEPLOY / "requirements-gcp.lock").read_text().count("--hash=sha256:")
    assert hashes >= len(image)


def test_the_image_is_built_of_what_is_there() -> None:
    told = (DEPLOY / "Dockerfile").read_text()
    beam_version = re.search(r"^ARG BEAM=(\S+)$", told, re.MULTILINE)
    assert beam_version
    assert beam_version[1] == locked(DEPLOY / "requirements-gcp.lock")["apache-beam"]
    stages = set(re.findall(r"^FROM \S+ AS (\w+)$", told, re.MULTILINE))
    kept = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    for source, rest in re.findall(r"^COPY (--from=\w+ )?(.+) \S+$", told, re.MULTILINE):
        if source:
            assert source.removeprefix("--from=").strip() in stages
            continue
        for path in rest.split():
            assert (ROOT / path).exists(), path
            assert f"!{path.split('/')[0]}" in kept
    assert (DEPLOY / "dataflow" / "main.py").is_file()
    assert "ENV FLEX_TEMPLATE_PYTHON_PY_FILE=/template/main.py" in told
