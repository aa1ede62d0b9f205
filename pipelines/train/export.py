"""Turn trained weights into what ships: ONNX networks with weights of eight bits.

In: the weights, labels, lists and wordpieces in the work folder. Out: a spaCy pipeline in a folder,
whose one trained part is `dateline_encoder`. The encoder's products of matrices and its table of
wordpieces are of eight bits, and the products of the roles; other heads stay as they were trained.
"""

import lzma
import shutil
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.optimizer import optimize_model
from spacy.language import Language

from pipelines.train.network import (
    HEADS,
    INPUTS,
    OUTPUTS,
    RELATION,
    ROLE,
    WIDTH,
    Encoder,
    Labels,
    Relations,
    Roles,
)
from pipelines.train.recipe import LABELS_FILE, LISTS, VOCABULARY, WEIGHTS, read_labels
from transforms.encoder.inputs import NUM_LISTS
from transforms.language import ENCODER, SETTLED_LEMMAS, WHOLE_NAMES, blank_pipeline

OPSET = 17
MODEL_NAME = "dateline_news"
MODEL_VERSION = "2.0.0"


def load_weights(work: Path) -> tuple[Encoder, Roles, Labels]:
    """Load the networks as they were trained."""
    labels = read_labels(work)
    encoder, roles = Encoder(labels), Roles(labels)
    both = torch.nn.ModuleDict({"encoder": encoder, "roles": roles})
    both.load_state_dict(torch.load(work / WEIGHTS, weights_only=True))
    return encoder.eval(), roles.eval(), labels


def export_networks(work: Path, out: Path, *, eight_bits: bool = True) -> None:
    """Write the folder of the component."""
    out.mkdir(parents=True, exist_ok=True)
    encoder, roles, _ = load_weights(work)
    whole = out / "encoder.onnx"
    _export_encoder(encoder, whole)
    _export_relations(Relations(encoder), out / "relations.onnx")
    _export_roles(roles, out / "roles.onnx")
    optimized = optimize_model(str(whole), model_type="bert", num_heads=HEADS, hidden_size=WIDTH)
    optimized.save_model_to_file(str(whole))
    if eight_bits:
        _quantize(whole, ["MatMul", "Attention", "Gather"], head_nodes(whole))
        _quantize(out / "roles.onnx", ["MatMul"], [])
    shutil.copy(work / LABELS_FILE, out / "labels.json")
    for mine, shipped in ((VOCABULARY, "vocabulary.txt.xz"), (LISTS, f"{LISTS}.xz")):
        (out / shipped).write_bytes(lzma.compress((work / mine).read_bytes()))


def _quantize(path: Path, operators: list[str], kept: list[str]) -> None:
    """Set the tables of a network in eight bits, but for the nodes that are kept as they are."""
    quantize_dynamic(
        path,
        path,
        per_channel=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=operators,
        nodes_to_exclude=kept,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT, "MatMulConstBOnly": True},
    )


def head_nodes(path: Path) -> list[str]:
    """Name the nodes of the heads, which stay in full precision."""
    nodes = onnx.load(path).graph.node
    heads = (
        "/name/",
        "/tag/",
        "/kind/",
        "/bound/",
        "/arc",
        "/root/",
        "/relation",
        "/role",
        "/lists/",
    )
    return [node.name for node in nodes if node.name.startswith(heads) or node.name == "/MatMul"]


def _export_encoder(encoder: Encoder, path: Path) -> None:
    chunk, piece, word = 2, 9, 5
    ids = torch.ones(chunk, piece, dtype=torch.long)
    places = torch.ones(chunk, word, dtype=torch.long)
    lists = torch.zeros(chunk, piece, NUM_LISTS)
    pieces, words = {0: "chunk", 1: "piece"}, {0: "chunk", 1: "word"}
    axes = dict.fromkeys(("ids", "seen", "shapes", "lists"), pieces)
    axes |= dict.fromkeys(("first", "last", *OUTPUTS), words)
    axes["arcs"] = {0: "chunk", 1: "word", 2: "head"}
    torch.onnx.export(
        encoder,
        (ids, ids, ids, lists, places, places),
        str(path),
        input_names=list(INPUTS),
        output_names=list(OUTPUTS),
        dynamic_axes=axes,
        opset_version=OPSET,
        dynamo=False,
    )


def _export_relations(relations: Relations, path: Path) -> None:
    words = torch.zeros(3, RELATION)
    torch.onnx.export(
        relations,
        (words, words),
        str(path),
        input_names=["word", "head"],
        output_names=["relations"],
        dynamic_axes={name: {0: "word"} for name in ("word", "head", "relations")},
        opset_version=OPSET,
        dynamo=False,
    )


def _export_roles(roles: Roles, path: Path) -> None:
    words, predicates = torch.zeros(2, 5, ROLE), torch.zeros(2, ROLE)
    distances = torch.zeros(2, 5, dtype=torch.long)
    both = {0: "predicate", 1: "word"}
    torch.onnx.export(
        roles,
        (words, predicates, distances, torch.ones_like(distances)),
        str(path),
        input_names=["words", "predicates", "distances", "seen"],
        output_names=["roles"],
        dynamic_axes={
            "words": both,
            "predicates": {0: "predicate"},
            "distances": both,
            "seen": both,
            "roles": both,
        },
        opset_version=OPSET,
        dynamo=False,
    )


def write_pipeline(work: Path, out: Path, *, eight_bits: bool = True) -> Language:
    """Write the whole spaCy pipeline beside the model's card."""
    nlp = blank_pipeline()
    part = nlp.add_pipe(ENCODER)
    networks = work / "networks"
    export_networks(work, networks, eight_bits=eight_bits)
    part.from_disk(networks)  # type: ignore[attr-defined]
    nlp.add_pipe(WHOLE_NAMES)
    nlp.add_pipe(SETTLED_LEMMAS)
    nlp.meta.update(
        name=MODEL_NAME,
        version=MODEL_VERSION,
        description="English news: names, trees, predicates and their roles; one small transformer",
        license="CC BY-SA 4.0",
        performance={},
    )
    for old in out.iterdir() if out.exists() else ():
        if old.is_dir():
            shutil.rmtree(old)
    nlp.to_disk(out)
    return nlp
