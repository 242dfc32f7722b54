"""The table of habits from PyTorch, Keras, JAX and NumPy: names that are not here, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable

Fixes = dict[str, str]
"""Maps names to what to write: code that runs, and after `` # `` a word on it; ``name=`` is the name of an option."""
NODE: Fixes = {
    "data values array asnumpy eval read_value get": "x.value  # of a parameter it is set by w.value = array",
    "assign assign_sub assign_add set_value": "w.value = w.value - 0.1 * w.grad",
    "view view_as reshape_as": "x.reshape(3, 2)  # one size may be -1",
    "permute swapdims movedim": "x.transpose(1, 0)",
    "t mT H": "x.T  # of stacks of matrices: x.swapaxes(-1, -2)",
    "unsqueeze": "x[:, None]  # or np.expand_dims(x, axis)",
    "expand expand_as broadcast_to": "tg.broadcast_to(x, (4, 2, 3))  # mostly for nothing: ops broadcast",
    "dim ndimension rank": "x.ndim",
    "numel nelement count": "x.size",
    "get_shape length": "x.shape",
    "narrow select index_select": "x[:, 0:2]",
    "gather": "x[np.arange(2), ids]  # of each row the element ids[row]",
    "unbind": "list(x)",
    "chunk": "tg.split(x, 2)",
    "cuda to device is_cuda pin_memory contiguous block_until_ready": "x  # leave it out: there is one device, the CPU",
    "float double half long int bool type type_as cast": "x.astype(np.float32)  # or another dtype of NumPy",
    "requires_grad requires_grad_ trainable": "tg.parameter(array)  # is trained; tg.constant(array) is not",
    "is_leaf grad_fn": "x.op  # None for a leaf",
    "retain_graph retain_grad register_hook": "tg.grad(loss, x)  # the gradient of any node; graphs may be used again",
    "zero_grad": "tg.zero_grad(w)",
    "detach_": "x.detach()",
    "copy_ fill_ zero_ normal_ uniform_": "w.value = array",
    "add_ sub_ mul_ div_": "x = x + y  # a new node: nodes do not change",
    "add sub mul div true_divide": "x + y  # - * /",
    "mm bmm mv addmm": "x @ y.T",
    "pow": "x**2",
    "neg": "-x",
    "norm": "tg.sqrt(tg.sum(x * x))",
    "eq ne gt lt ge le": "x > y",
    "masked_fill masked_fill_ at": "tg.where(mask, 0.0, x)",
    "clamp clamp_": "x.clip(0.0, 1.0)",
    "clamp_min clamp_max": "tg.maximum(x, 0.0)",
    "repeat_interleave": "x[np.arange(2).repeat(2)]",
    "apply_ map_": "np.tanh(x)  # ops take whole arrays",
}
"""Attributes of a node, x."""

TG: Fixes = {
    "no_grad inference_mode set_grad_enabled enable_grad": "x.value  # numbers; tg.stop_gradient(x) for a node",
    "detach lax_stop_gradient": "tg.stop_gradient(x)",
    "nn layers keras models flax Model": "tg.cells.LSTM(3, 4), tg.Linear(4, 2)",
    "functional F losses special": "tg.softmax(x)  # functions of nodes are in tg itself, and NumPy's work on nodes",
    "optim optimizers optax": "tg.train.Adam([w], learning_rate=1e-3)",
    "Tensor tensor Variable as_tensor from_numpy array asarray asanyarray FloatTensor LongTensor convert_to_tensor": (
        "tg.constant(array)  # or the array itself; weights are tg.parameter(array)"
    ),
    "is_tensor": "isinstance(x, tg.Node)",
    "cat hstack": "tg.concatenate([x, y], axis=0)",
    "save save_weights": 'tg.train.save("model.safetensors", cell.state_dict())',
    "load load_weights": 'cell.load_state_dict("model.safetensors")',
    "manual_seed seed set_seed PRNGKey key Generator": "rng = np.random.default_rng(0)  # cells take rng=0",
    "randn rand randint randn_like rand_like normal uniform": "np.random.default_rng(0).normal(size=(2, 3))",
    "jit function script trace pmap Session placeholder": "tg.compile(fn)",
    "multinomial categorical": (
        "tg.argmax(logits + tg.noise(lambda shape: rng.gumbel(size=shape), logits.shape), axis=-1)"
    ),
    "attention MultiheadAttention MultiHeadAttention scaled_dot_product_attention": (
        "tg.softmax(x @ y.T / 3**0.5, axis=-1) @ y  # queries, keys, values"
    ),
    "layer_norm": "z = x - x.mean(axis=-1, keepdims=True); z / tg.sqrt(tg.mean(z * z, axis=-1, keepdims=True) + 1e-5)",
    "gradcheck check_grads": "tg.check.gradients(fn, [array])",
    "vmap map": "np.stack([fn(x) for x in xs])  # or write it for a batch: numpy's rules of broadcasting",
    "scan lax while_loop fori_loop foldl": "tg.unroll(cell, xs)  # cell(x_t, state) -> (y_t, new_state)",
    "dropout": "tg.cells.Stack([cell, other], dropout=0.5)  # or multiply by a mask of tg.noise",
    "bernoulli": "tg.noise(lambda shape: rng.random(shape) < 0.5, (2, 3), bool)",
    "embedding embedding_lookup": "tg.Embedding(10, 3)([1, 2])",
    "Dense linear": "tg.Linear(3, 2)(x)",
    "Layer Sequential ModuleList": "tg.Module  # derive from it; its attributes may be lists of layers",
    "cross_entropy CrossEntropyLoss nll_loss NLLLoss sparse_softmax_cross_entropy_with_logits categorical_crossentropy "
    "sparse_categorical_crossentropy": "tg.mean(tg.softmax_cross_entropy(logits, labels))",
    "binary_cross_entropy binary_cross_entropy_with_logits BCELoss BCEWithLogitsLoss": (
        "tg.mean(tg.sigmoid_cross_entropy(x, mask))"
    ),
    "mse_loss MSELoss mean_squared_error loss": "tg.mean((x - target) ** 2)  # or tg.squared_error(x, target)",
    "l1_loss L1Loss mean_absolute_error": "tg.mean(tg.abs(x - target))",
    "ReLU Tanh Sigmoid Softmax": "tg.relu(x)  # functions, in small letters",
    "autograd GradientTape gradients gradient backward": "tg.grad(loss, x)",
    "custom_vjp custom_jvp custom_gradient Function": "tg.Op  # derive from it: forward, and backward by hand",
    "plot show visualize to_dot": "tg.draw(x)",
    "jacobian jacrev jacfwd": "tg.vjp(fn, x)  # rows by tg.vjp, columns by tg.jvp",
    "hessian": "tg.hvp(fn, (x,), (x,))  # times a vector; or tg.grad of tg.grad",
    "remat": 'tg.compile(fn, memory="checkpoint")',
    "cuda device cpu backends set_default_device get_default_device": "np.float32  # there is one device, the CPU",
    "set_default_dtype get_default_dtype": "tg.cells.LSTM(3, 4, dtype=np.float64)",
    "float int long double half bool": "np.float32  # dtypes are NumPy's",
    "mm bmm": "x @ y.T",
    "clamp": "tg.clip(x, 0.0, 1.0)",
    "pow": "x**2",
    "add_n mul div sub neg": "x * y  # + - /",
    "permute": "tg.transpose(x, (1, 0))",
    "view": "tg.reshape(x, (3, 2))",
    "unsqueeze": "x[:, None]  # or np.expand_dims(x, axis)",
    "gather": "tg.take(W, ids, axis=0)",
    "norm": "tg.sqrt(tg.sum(x * x))",
    "tree_map tree_util tree_leaves": "{name: g * 0.5 for name, g in gradients.items()}",
    "utils DataLoader Dataset": "array[ids]  # a slice is a batch; of sequences tg.train.Stream, Ragged, Windows",
    "init": 'cell.weight(4, 3, init="orthogonal")',
    "clip_grad_norm_ clip_by_global_norm": "tg.train.clip_by_norm(gradients, 1.0)",
}
"""Names of tinygraph itself."""

CELLS: Fixes = {
    "LSTMCell": "tg.cells.LSTM(3, 4)  # a cell is one time step; tg.unroll goes over a sequence",
    "GRUCell": "tg.cells.GRU(3, 4)",
    "RNNCell SimpleRNN SimpleRNNCell Elman ElmanRNN": "tg.cells.RNN(3, 4)",
    "Dense": "tg.Linear(3, 2)(x)",
    "Sequential StackedRNNCells MultiRNNCell ModuleList": "tg.cells.Stack([cell, other])",
    "TimeDistributed": "outputs @ W.T  # of outputs (T, B, H) at once",
    "Layer": "tg.cells.Cell",
}
"""Names of tinygraph.cells."""

TRAIN: Fixes = {
    "Nadam RMSProp Ftrl Adamax": "tg.train.Adam([w], learning_rate=1e-3)  # NAdam and RMSprop are there, too",
    "Momentum": "tg.train.SGD([w], 0.1, momentum=0.9)",
    "lr_scheduler StepLR ExponentialLR CosineAnnealingLR OneCycleLR": "tg.train.Adam([w], tg.train.cosine(1e-3, 99))",
    "cross_entropy CrossEntropyLoss": "tg.train.mean_cross_entropy(logits, labels)",
    "DataLoader Dataset": "tg.train.Ragged([array, array], 2, [0, 1])  # or Stream, Windows, or a list of batches",
    "ReduceLROnPlateau": "tg.train.plateau(1e-3)",
    "clip_grad_norm clip_grad_norm_ clip_by_global_norm": "tg.train.clip_by_norm(gradients, 1.0)",
    "clip_grad_value_ clip_grad_value": "tg.train.clip_by_value(gradients, 1.0)",
    "zero_grad": "tg.zero_grad(w)",
    "save_weights save_model": 'tg.train.save("model.safetensors", cell.state_dict())',
    "load_weights load_model": 'cell.load_state_dict("model.safetensors")',
}
"""Names of tinygraph.train."""

MODULE: Fixes = {
    "named_parameters params": "cell.parameters().items()  # parameters() is a dict: .values() for the parameters",
    "weights trainable_weights trainable_variables variables": "cell.parameters().values()",
    "get_weights": "cell.state_dict()",
    "set_weights": "cell.load_state_dict(arrays)",
    "count_params num_parameters": "sum([p.size for p in cell.parameters().values()])",
    "zero_grad": "tg.zero_grad(cell.parameters())",
    "to cuda cpu flatten_parameters share_memory": "cell  # leave it out: there is one device, the CPU",
    "half double float bfloat16": "tg.cells.LSTM(3, 4, dtype=np.float64)",
    "forward apply call": "outputs, state = tg.unroll(cell, xs)  # one step is cell(x, state)",
    "init_hidden init_state zero_state get_initial_state initialize_carry": "cell.initial_state(2)",
    "reset_states reset_state": "cell.initial_state(2)  # the state is an argument and a result, the cell keeps none",
    "modules children named_modules named_children": "cell.parameters()",
    "register_parameter register_buffer add_module add_weight": "cell.W = tg.parameter(array)  # an attribute will do",
    "requires_grad_": "tg.grad(loss, [x])  # only what is named or in the optimizer is trained",
    "save save_weights": 'tg.train.save("model.safetensors", cell.state_dict())',
    "load load_weights": 'cell.load_state_dict("model.safetensors")',
    "fit": "opt.step(gradients)  # in a loop of your own: tg.value_and_grad, then step",
    "compile": "tg.compile(fn)",
    "predict": "tg.unroll(cell, xs)[0].value",
    "summary": "tg.summary(loss)",
    "units num_units": "cell.hidden_size",
}
"""Attributes of a cell, wrapper or layer."""

FROZEN: Fixes = {"trainable requires_grad": 'cell.freeze("weight_*")'}
"""Attributes of a cell that would change nothing."""

OPTIMIZER: Fixes = {
    "zero_grad": "tg.zero_grad(opt.parameters)",
    "param_groups lr": "opt.learning_rate = 1e-4",
    "momentum nesterov": "tg.train.SGD([w], 0.1, momentum=0.9)",
    "beta1 beta_1 epsilon": "opt.betas, opt.eps",
    "apply_gradients apply": "opt.step(gradients)",
    "minimize": "opt.step(tg.grad(tg.sum(w * w), opt.parameters))",
    "params": "opt.parameters",
    "init": "tg.train.Adam(params)  # it keeps its own state",
    "variables get_config": "opt.state_dict()",
}
"""Attributes of an optimizer."""

NAME: Fixes = {
    "grad value shape size dtype data numel ndim requires_grad item detach op name": (
        "for p in cell.parameters().values(): print(p.shape)"
    ),
}
"""Attributes of a parameter's name: ``for p in cell.parameters()`` goes over names, as dicts do."""

OPTIONS: Fixes = {
    "dim axes dims": "axis=",
    "keepdim keep_dims": "keepdims=",
    "lr alpha step_size eta": "learning_rate= rate= | tg.train.Adam([w], learning_rate=1e-3)  # the optimizer has it",
    "params model_parameters": "parameters=  # cell.parameters()",
    "momentum nesterov dampening": "tg.train.Adam([w])  # it has momentum; or change() of an Optimizer of your own",
    "weight_decay l2": "weight_decay= | tg.sum(w**2) * 1e-4  # added to the loss",
    "decay rho": "alpha= rho=",
    "beta_1 beta_2 b1 b2 beta1 beta2": "betas=  # (beta1, beta2)",
    "epsilon eps": "eps= epsilon=",
    "rate drop_rate dropout_rate": "p= dropout= learning_rate=",
    "amsgrad maximize foreach fused": "tg.train.Adam([w])  # without it, or change() of an Optimizer of your own",
    "clipnorm clipvalue global_clipnorm": "tg.train.clip_by_norm(gradients, 1.0)  # before the step",
    "units num_units hidden_dim n_hidden hidden hidden_channels features": "hidden_size=",
    "input_dim n_inputs in_features in_channels input_shape input_features": "input_size=",
    "num_layers n_layers layers": "tg.cells.Stack.of(tg.cells.LSTM, 3, 4, num_layers=2)",
    "bidirectional": "tg.cells.Stack.of(tg.cells.LSTM, 3, 4, bidirectional=True)  # or tg.cells.Bidirectional",
    "dropout recurrent_dropout": "tg.cells.Stack([cell, other], dropout=0.5)  # or tg.cells.Zoneout(cell, 0.1)",
    "batch_first time_major": "tg.Recurrent(cell, axis=1)  # time is the second axis; so has tg.unroll axis=",
    "return_sequences return_state return_sequence": (
        "outputs, state = tg.unroll(cell, xs)  # all outputs, the last one is outputs[-1], and the last state"
    ),
    "go_backwards": "reverse=",
    "stateful": "outputs, state = tg.unroll(cell, xs, state)  # the state is an argument and a result",
    "unroll_length unrolled": "tg.unroll(cell, xs)",
    "length sequence_length seq_len seq_lens seq_lengths input_lengths": "lengths= length= steps=",
    "initial_state initial_states h0 hx init carry init_carry": "state=  # before step 0 | tg.unroll(cell, xs, state)",
    "use_bias with_bias": "bias=",
    "activation": "tg.cells.LSTM(3, 4, nonlinearity='relu')",
    "recurrent_activation": "tg.cells.LSTM(3, 4, gate_nonlinearity='hard_sigmoid')",
    "kernel_initializer weight_init w_init": "kernel_init=",
    "recurrent_initializer": "recurrent_kernel_init=",
    "bias_initializer b_init": "bias_init=",
    "unit_forget_bias": "forget_bias=  # 1.0",
    "implementation reset_after_gates": "reset_after=",
    "merge_mode": "tg.cells.Bidirectional(cell, other)  # it concatenates",
    "seed key rngs generator": "rng=  # a seed or a Generator of NumPy",
    "device": "np.float32  # leave it out: there is one device, the CPU",
    "requires_grad trainable": "tg.parameter(array)  # is trained; tg.constant(array) is not",
    "dtype": "tg.constant(np.asarray(array, np.float32))  # a leaf keeps the dtype of its array",
    "retain_graph create_graph allow_unused only_inputs is_grads_batched": (
        "tg.grad(tg.sum(tg.grad(loss, x)), x)  # without it: a graph may be used again, and a gradient is a graph"
    ),
    "gradient grad_outputs grad_output output_gradients": "gy= gradients=",
    "inputs xs sequence sequences": "tg.unroll(cell, xs)  # by position",
    "argnums argnum": "tg.grad(loss, [x])  # of a result, with respect to nodes",
    "has_aux": "tg.grad(loss, x)  # of a result; what else was computed is there still",
    "num_classes n_classes": "depth=",
    "reduction reduce": "tg.mean(tg.softmax_cross_entropy(logits, labels))  # one loss a row: take tg.mean or tg.sum",
    "label_smoothing ignore_index pos_weight class_weight sample_weight": (
        "tg.mean(tg.softmax_cross_entropy(logits, labels) * np.ones(2))  # weights are a product"
    ),
    "min minimum clip_value_min": "a_min=",
    "max maximum clip_value_max": "a_max=",
    "start_dim end_dim": "x.reshape(2, -1)",
    "mode jit static_argnums static_argnames fullgraph dynamic jit_compile donate_argnums": (
        "tg.compile(fn)  # plain values and shapes have plans of their own"
    ),
    "norm_type": "tg.train.clip_by_norm(gradients, 1.0)  # the norm is the root of the sum of squares",
}
"""Options of cells, optimizers, ops and functions; a fix that ends in ``=`` is the option's name here.

Of several names the first that the call has is told, and what stands after ``|`` where it has none of them."""

DRAWING: Fixes = {
    "render view": "tg.draw(x).save('rnn.png')  # Graphviz's own way is drawing.digraph.render('rnn')",
    "node edge attr subgraph body engine format unflatten graph_attr node_attr edge_attr": (
        "tg.draw(x).digraph  # a graphviz.Digraph, which has these; a drawing is a picture"
    ),
    "show plot savefig": "tg.draw(x).save('rnn.svg')  # a notebook shows a drawing by itself",
}
"""Attributes of a drawing."""

ARGUMENTS: Fixes = {
    "state": "outputs, state = tg.unroll(cell, xs)  # over a sequence; one step is cell(x, cell.initial_state(2))",
    "wrt": "tg.grad(fn(x), x)  # of a result; for a function tg.value_and_grad(loss, parameters)",
    "learning_rate": "tg.train.SGD([w], learning_rate=0.1)",
    "input_size hidden_size": "tg.cells.LSTM(3, 4)  # input_size, hidden_size",
    "parameters": "tg.train.Adam(cell.parameters())  # nodes, or dicts and lists of them",
    "name": "tg.parameter(array)",
}
"""Arguments that people leave out."""

for _table in (NODE, TG, CELLS, TRAIN, MODULE, FROZEN, OPTIMIZER, NAME, OPTIONS, DRAWING, ARGUMENTS):
    for _names in [*_table]:  # a line may stand for several names
        _table |= dict.fromkeys(_names.split(), _table.pop(_names))

ASKED = {
    r"\bmath\.": "np.exp(x) for math.exp(x): NumPy's functions take nodes; x.item() is the number alone",
    r"\bnormal\(": "mean + scale * rng.normal(size=x.shape)  # whose gradient is right",
    r"\buniform\(": "low + (high - low) * rng.random(x.shape)  # whose gradient is right",
    r"(choice|multinomial|binomial|poisson|\brandom\.\w+|\brng\.\w+)\(": "x.value  # chances, which carry no gradient",
    r"\][^=<>!+*/-]*=(?!=)": "collect the nodes in a list and join them with np.stack",
    r"\bnp\.save": "x.value  # files hold numbers",
    r"\bint\(|\brange\(|%d": "int(x.item())  # a number, which carries no gradient",
    r"\bfloat\(": "x.item()  # a number, which carries no gradient; in files that tg.recorded runs, float(x) keeps it",
    r"%|\bprint\(|\.format\(|append\(": "x.item()  # a number, which carries no gradient",
}
"""Maps what stands in the line that asks for plain numbers to what to write there; the first that fits counts."""

NUMBERS_ONLY = ("matplotlib", "pandas", "seaborn", "PIL", "plotly", "bokeh", "sklearn", "imageio", "h5py")
"""Packages that take arrays of numbers alone."""


def no_node(*values: object) -> str:
    """What to write where nodes are needed, and these came."""
    if any(isinstance(value, str) for value in values):
        return "cell.parameters()  # a dict by name; .values() for the parameters alone"
    if any(hasattr(value, "parameters") for value in values):
        return "cell.parameters()"
    if any(isinstance(value, Iterable) for value in values):
        return "list(parameters)  # lists, tuples and dicts of nodes"
    return ARGUMENTS["wrt"] if any(map(callable, values)) else ""
