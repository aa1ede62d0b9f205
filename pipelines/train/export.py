"""Turn trained weights into what ships: ONNX networks with weights of eight bits.

In: the weights, labels, lists and wordpieces in the work folder. Out: a spaCy pipeline in a folder,
whose one trained part is `dateline_encoder`. Products of matrices and the table of wordpieces are
of eight bits; heads of few labels stay as they were trained.
"""

import json
import lzma
import shutil
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path

import torch
from onnxruntime.transformers.fusion_options import FusionOptions
from onnxruntime.transformers.optimizer import optimize_model
from spacy.language import Language

from pipelines.train.corpora import own_news
from pipelines.train.eight_bits import even_out, quantize
from pipelines.train.names import make_doc, read_news
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
from pipelines.train.recipe import (
    LABELS_FILE,
    LISTS,
    VOCABULARY,
    WEIGHTS,
    load_pieces,
    read_labels,
)
from transforms.encoder.inputs import NUM_LISTS, Arrays, cut_chunks, list_masks, to_arrays
from transforms.language import ENCODER, SETTLED_LEMMAS, WHOLE_NAMES, blank_pipeline

OPSET = 17
SAMPLE = 60  # documents
KEPT = ("lists", "name", "tag", "kind", "bound", "root")  # too small to gain by eight bits
MODEL_NAME = "dateline_news"
MODEL_VERSION = "2.2.0"


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
    _fuse(whole)
    if eight_bits:
        even_out(whole, sample_texts(work))
        quantize(whole, ["MatMul", "Attention", "Gather"], [f"/{head}/MatMul" for head in KEPT])
        for name in ("relations.onnx", "roles.onnx"):
            quantize(out / name, ["MatMul"])
    shutil.copy(work / LABELS_FILE, out / "labels.json")
    for mine, shipped in ((VOCABULARY, "vocabulary.txt.xz"), (LISTS, f"{LISTS}.xz")):
        (out / shipped).write_bytes(lzma.compress((work / mine).read_bytes()))


def _fuse(path: Path) -> None:
    """Put the encoder's operations together, but for those that are slower so.

    On one core, 1,000 rows of 384 numbers are added and normed in 1.5 ms at once, and in 0.2 ms one
    after the other; 1,000 of 1,536 go through gelu in 1.0 ms with their bias, in 0.6 ms without.
    """
    options = FusionOptions("bert")
    options.enable_skip_layer_norm = options.enable_bias_skip_layer_norm = False
    options.enable_bias_gelu = False
    fused = optimize_model(
        str(path),
        model_type="bert",
        num_heads=HEADS,
        hidden_size=WIDTH,
        optimization_options=options,
    )
    fused.save_model_to_file(str(path))


def sample_texts(work: Path) -> Iterator[Arrays]:
    """Give some of what was trained on, as the encoder reads it."""
    nlp, pieces = blank_pipeline(), load_pieces(work)
    mask = list_masks(json.loads((work / LISTS).read_text(encoding="utf-8")))
    sentences = (each for each in read_news(own_news()) if each.split == "train")
    documents = groupby(sentences, key=lambda sentence: sentence.document)
    for _, document in islice(documents, SAMPLE):
        words = [token.text for token in make_doc(nlp, list(document))]
        for chunk in cut_chunks(words, pieces):
            yield to_arrays([chunk], [[words[word] for word in chunk.words]], pieces, mask)


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
