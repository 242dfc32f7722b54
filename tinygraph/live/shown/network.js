// The unrolled network: steps forward, gradients back through time, updates. Nothing here knows the page.
const filled = (n, value) => new Float64Array(n).fill(value);
const normOf = (parts) => Math.sqrt(parts.reduce((sum, part) => part.reduce((s, v) => s + v * v, sum), 0));

function network(data) {
    const net = {
        model: start(), T: data.inputs.length, cut: Infinity, clip: Infinity, lastOnly: data.last,
        zeroed: new Set(), losses: [], steps: [], loss: NaN, gradients: [], norm: 0, updated: true,
    };
    const real = data.states.map((_, k) => k).filter((k) => data.states[k].real);

    // What enters step t: numbers, ids, or ids as rows of the identity.
    const entering = (id) => {
        if (!data.rows_of) return [].concat(id);
        const row = filled(data.rows_of, 0);
        row[id] = 1;
        return row;
    };
    net.enter = (inputs, targets, counts) => {
        Object.assign(net, { inputs, targets, counts, T: inputs.length });
    };
    net.enter(data.inputs.slice(), data.targets.slice(), data.counts.slice());

    const masks = (t) => data.states.map((state, k) => {
        const mask = filled(state.size, 1);
        for (let i = 0; i < state.size; i++) if (net.zeroed.has(`${k}:${i}:${t}`)) mask[i] = 0;
        return mask;
    });
    // How much the loss of step t counts: the loss is the mean over the steps that count.
    const weights = () => {
        const counts = net.counts.slice(0, net.T).map((c, t) => (net.lastOnly && t < net.T - 1 ? 0 : c));
        if (data.last) counts[net.T - 1] = 1;
        const total = counts.reduce((a, b) => a + b, 0);
        return counts.map((c) => c / (total || 1));
    };
    const many = (out, name) => {
        const parts = [];
        for (let k = 0; out[`${name}_${k}`] !== undefined; k++) {
            const part = out[`${name}_${k}`];
            parts.push(typeof part === 'number' ? Float64Array.of(part) : part);
        }
        return parts;
    };

    // The module takes what has the shape () as a number.
    const passed = (parts, which) => parts.map((part, n) => (which[n].shape.length ? part : part[0]));

    net.forward = () => {
        const share = weights();
        let states = data.states.map((state) => state.first);
        net.steps = [];
        net.loss = 0;
        for (let t = 0; t < net.T; t++) {
            // Where the loss of the last step alone counts, its target is the last one.
            const target = data.last ? net.targets[net.targets.length - 1] : net.targets[t];
            const given = [entering(net.inputs[t]), [].concat(target), ...passed(states, data.states), ...passed(masks(t), data.states)];
            const out = step_forward(net.model, ...given);
            const after = many(out, 'after');
            net.steps.push({ given, share: share[t], y: out.y, loss: out.loss, before: states, after, rows: many(out, 'rows') });
            if (share[t]) net.loss += share[t] * out.loss;
            states = after;
        }
        return net;
    };

    net.backward = () => {
        let arriving = real.map((k) => filled(data.states[k].size, 0));
        net.gradients = data.weights.map((w) => filled(w.shape.reduce((a, b) => a * b, 1), 0));
        for (let t = net.T - 1; t >= 0; t--) {
            const step = net.steps[t];
            const out = step_backward(net.model, ...step.given, step.share, ...passed(arriving, real.map((k) => data.states[k])));
            many(out, 'weights').forEach((g, k) => g.forEach((v, i) => { net.gradients[k][i] += v; }));
            const of_after = many(out, 'after');
            step.d = { rows: many(out, 'rows'), after: data.states.map((_, k) => of_after[real.indexOf(k)] ?? null) };
            step.d.x = out.x_0 ?? null;
            step.d.before = many(out, 'before');
            step.arriving = arriving;
            step.isCut = t > 0 && t % net.cut === 0;
            arriving = step.isCut ? arriving.map((g) => filled(g.length, 0)) : step.d.before;
        }
        net.norm = normOf(net.gradients);
        return net;
    };

    net.run = () => net.forward().backward();

    // One update from the gradients of now, and then the numbers anew.
    net.train = () => {
        const scale = net.norm > net.clip ? net.clip / net.norm : 1;
        const gradients = net.gradients.map((g) => g.map((v) => v * scale));
        const out = step_update(net.model, ...passed(gradients, data.weights));
        net.updated = out.updated;
        if (net.updated) net.losses.push(net.loss);
        return net.run();
    };
    net.reset = () => {
        const rate = data.rate && net.model[data.rate];
        net.model = start();
        if (data.rate) net.model[data.rate] = rate;
        Object.assign(net, { losses: [], updated: true });
        return net.run();
    };
    net.weightNorm = (k) => normOf([net.model[data.weights[k].field]]);
    net.scale = (k, norm) => {
        const now = net.weightNorm(k), field = net.model[data.weights[k].field];
        if (now > 0) for (let i = 0; i < field.length; i++) field[i] *= norm / now;
    };
    net.zero = (k, i, t, on = !net.zeroed.has(`${k}:${i}:${t}`)) => {
        if (on) net.zeroed.add(`${k}:${i}:${t}`); else net.zeroed.delete(`${k}:${i}:${t}`);
    };
    return net;
}
