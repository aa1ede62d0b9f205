"""Set networks in eight bits, so that little is lost by it.

In: an ONNX network, and arrays as it reads them. Out: the same file, with the tables of its
products in eight bits. What meets a table is set in eight bits too, while the network runs, all
its numbers on one scale: a few columns with numbers ten times as large as the others' (they have
them at the marks that open and close a text) leave the others a handful of steps. So these columns
are divided, and the rows of the table that meet them multiplied as much: the product is the same.
On the bundled site's texts that takes the error of the scores of names from 2.9% to 1.9%, of tags
from 7.2% to 4.6%.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from transforms.encoder.inputs import Arrays

EVENED = ("/wide/MatMul", "/narrow/MatMul")  # ends of nodes; and all attention
EVEN, BY = "_even", "_even_by"  # behind a node's name: the division, and its factors
MOST = 3.0  # times the middle column's largest number, beyond which a column is divided


def quantize(path: Path, operators: list[str], kept: Iterable[str] = ()) -> None:
    """Set the tables of a network in eight bits, but for the nodes that are kept as they are."""
    quantize_dynamic(
        path,
        path,
        per_channel=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=operators,
        nodes_to_exclude=list(kept),
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT, "MatMulConstBOnly": True},
    )


def even_out(path: Path, texts: Iterable[Arrays]) -> None:
    """Divide the columns with the largest numbers, and multiply what they meet."""
    model = onnx.load(path)
    graph = model.graph
    chosen = [
        node for node in graph.node if node.op_type == "Attention" or node.name.endswith(EVENED)
    ]
    largest = _largest(model, {node.input[0] for node in chosen}, texts)
    tables = {table.name: table for table in graph.initializer}
    for node in chosen:
        columns = largest[node.input[0]]
        factors = numpy.maximum(columns / (MOST * numpy.median(columns)), 1).astype(numpy.float32)
        table = tables[node.input[1]]
        weights = numpy_helper.to_array(table) * factors[:, None]
        table.CopyFrom(numpy_helper.from_array(weights, table.name))
        graph.initializer.append(numpy_helper.from_array(1 / factors, node.name + BY))
        inputs, evened = [node.input[0], node.name + BY], node.name + EVEN
        division = onnx.helper.make_node("Mul", inputs, [evened], name=evened)
        graph.node.insert(list(graph.node).index(node), division)
        node.input[0] = evened
    onnx.save(model, path)


def evened_back(
    tables: Mapping[str, NDArray[Any]], node: onnx.NodeProto, weights: NDArray[Any]
) -> NDArray[Any]:
    """Give a node's table as it was before its columns were evened out."""
    factors = tables.get(node.name.removesuffix("_quant") + BY)
    return weights if factors is None else weights * factors[:, None]


def _largest(
    model: onnx.ModelProto, names: Iterable[str], texts: Iterable[Arrays]
) -> dict[str, NDArray[Any]]:
    """Find the largest number of each column of some arrays, over all texts."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    wanted = sorted(names)
    watched.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in wanted
    )
    session = onnxruntime.InferenceSession(
        watched.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    each = [
        [numpy.abs(found).max(axis=(0, 1)) for found in session.run(wanted, text)] for text in texts
    ]
    return {name: numpy.max(found, axis=0) for name, *found in zip(wanted, *each, strict=True)}
