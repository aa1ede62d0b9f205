"""Go on from the weights that ship: make torch weights of the ONNX networks again.

In: the folder of the component, as `export` wrote it. Out: the weights of both networks, to be
loaded before a stage. The products of matrices come back from eight bits and so are a little
rounded, which a few hundred steps of training mend; the table of wordpieces is not trained and is
taken as it was pretrained. Rejected, with a ValueError: networks of another shape.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from pipelines.train.eight_bits import evened_back

Tables = dict[str, NDArray[Any]]
MATRIX = re.compile(r"/(?P<layer>.+)/MatMul(_quant)?")  # of a linear layer
ATTENTION = re.compile(r"Attention_(?P<layer>\d+)(_quant)?")
RELATION = "encoder.relation"
OF_TABLES = ("_scale", "_zero_point")  # what is kept beside tables of eight bits
UNTRAINED = ("words.weight", "positions.weight")


def shipped_weights(folder: Path, networks: nn.ModuleDict) -> dict[str, Tensor]:
    """Give the shipped weights of the encoder and its roles, and the untrained ones as they are."""
    state = networks.state_dict()
    found = {
        f"{part}.{name}": torch.from_numpy(numpy.array(table, dtype=numpy.float32))
        for part in ("encoder", "roles")
        for name, table in read_network(folder / f"{part}.onnx")
    }
    tables = _tables(onnx.load(folder / "relations.onnx").graph)
    (name,) = {name.removesuffix("_quantized") for name in tables if not name.endswith(OF_TABLES)}
    found[RELATION] = torch.tensor(_whole(tables, name)).reshape(state[RELATION].shape)
    kept = {f"encoder.{name}" for name in UNTRAINED}
    wrong = [
        name
        for name, table in state.items()
        if name not in kept and (name not in found or found[name].shape != table.shape)
    ]
    if wrong:
        raise ValueError(f"the networks in {folder} are not those that are trained: {wrong}")
    return {name: table if name in kept else found[name] for name, table in state.items()}


def read_network(path: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    """Read the weights of an ONNX file by their names in torch."""
    graph = onnx.load(path).graph
    tables = _tables(graph)
    for name in tables:
        plain = name.removesuffix("_quantized")
        if "::" not in name and not plain.endswith(OF_TABLES):
            yield plain, _whole(tables, plain)
    for node in graph.node:
        if match := ATTENTION.fullmatch(node.name):
            weight = _whole(tables, node.input[1].removesuffix("_quantized"))
            weight = evened_back(tables, node, weight)
            thirds = numpy.split(weight, 3, axis=1), numpy.split(tables[node.input[2]], 3)
            for name, table, bias in zip(("query", "key", "value"), *thirds, strict=True):
                yield f"layers.{match['layer']}.{name}.weight", table.T
                yield f"layers.{match['layer']}.{name}.bias", bias
        elif match := MATRIX.fullmatch(node.name):
            name = node.input[1].removesuffix("_quantized")
            if name.startswith("onnx::"):
                weight = evened_back(tables, node, _whole(tables, name))
                yield f"{match['layer'].replace('/', '.')}.weight", weight.T


def _tables(graph: onnx.GraphProto) -> Tables:
    return {each.name: numpy_helper.to_array(each) for each in graph.initializer}


def _whole(tables: Tables, name: str) -> NDArray[Any]:
    """Give a table in full precision."""
    if name in tables:
        return tables[name]
    zero = tables[f"{name}_zero_point"].astype(numpy.float32)
    whole: NDArray[Any] = (tables[f"{name}_quantized"] - zero) * tables[f"{name}_scale"]
    return whole
